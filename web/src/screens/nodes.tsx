/** Nodes: what each does and which configuration it uses; and the coordinators, as the one that answers sees them. */
import {
  type CoordinatorMember,
  type LiveState,
  nodeNotes,
  type NodeReport,
  type Status,
  whyUnserving,
} from '@lvsm/protocol'
import { shownNode } from '../core/cluster.ts'
import { memberSaid, usesSaid } from '../core/coordinators.ts'
import { momentOf } from '../parts/moment.tsx'
import { Word } from '../parts/said.tsx'
import { Table } from '../parts/table.tsx'

export function Nodes({ status, seen }: { status: Status; seen: LiveState }) {
  return (
    <>
      <h1>Nodes</h1>
      <Table
        caption="Nodes"
        label="Nodes"
        empty="There is no node."
        columns={['node', 'state', 'roles', 'configuration', 'why'].map((name) => ({ name }))}
        rows={status.nodes.map((node) => ({
          key: node.name,
          cells: [
            node.name,
            <Word said={shownNode(node, status)} />,
            rolesOf(node),
            <Word said={usesSaid(node.name, seen)} />,
            <Why node={node} status={status} />,
          ],
        }))}
      />
      <Coordinators seen={seen} />
    </>
  )
}

/** Its reason, and what is to be known beside it: maintenance, how old its word is. */
function Why({ node, status }: { node: NodeReport; status: Status }) {
  return (
    <>
      {whyUnserving(node, status) ?? node.reason}
      {nodeNotes(node, momentOf).map((text) => (
        <small key={text} class="line">
          {text}
        </small>
      ))}
    </>
  )
}

const rolesOf = ({ roles, voter }: NodeReport): string => [...roles, ...(voter ? ['votes'] : [])].join(', ')

function Coordinators({ seen }: { seen: LiveState }) {
  const { coordinators } = seen
  const { members, term, commitIndex } = coordinators
  return (
    <Table
      caption={
        <>
          Coordinators{' '}
          <small>
            term {term}, committed {commitIndex}
          </small>
        </>
      }
      label="Coordinators"
      empty="None."
      columns={[{ name: 'node' }, { name: 'state' }, { name: 'role' }, { name: 'log up to', isNumber: true }]}
      rows={members.map((member) => ({
        key: String(member.id),
        cells: [
          nameOf(member),
          <Word said={memberSaid(member, coordinators)} />,
          member.leader ? 'leader' : member.role,
          member.matchIndex ?? '–',
        ],
      }))}
    />
  )
}
const nameOf = ({ name, id, self }: CoordinatorMember): string =>
  `${name ?? `coordinator ${id}`}${self ? ' (answers here)' : ''}`
