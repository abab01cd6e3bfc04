/** What needs a person now, who owns what, and who could take it over. */
import {
  type CoordinatorsReport,
  coordinatorFaults,
  cutText,
  groupWhy,
  type ListedTrouble,
  listedTroubles,
  type LiveState,
  orderWord,
  type Status,
  type Wanted,
} from '@lvsm/protocol'
import { candidatesOf, nodeSaid, serviceSaid, standingOf } from '../core/cluster.ts'
import { linesOf, severitySaid } from '../core/troubles.ts'
import { say, type Said, type Tone, worst } from '../core/tones.ts'
import { hrefOf } from '../core/places.ts'
import { Ago, momentOf } from '../parts/moment.tsx'
import { Word } from '../parts/said.tsx'
import { Table } from '../parts/table.tsx'
import { Beside } from './beside.tsx'

export function Overview({ status, seen }: { status: Status; seen: LiveState }) {
  const entries = listedTroubles(status, seen.events)
  return (
    <>
      <h1 class="hidden">Overview</h1>
      <Tiles status={status} />
      {entries.length > 0 && <Troubles troubles={entries} status={status} />}
      <Coordinators report={seen.coordinators} />
      {(status.wanted ?? []).length > 0 && <Maintenance wanted={status.wanted ?? []} />}
      <Groups status={status} />
      <Beside status={status} />
    </>
  )
}

/** How many of each, and the worst of them. */
function Tiles({ status }: { status: Status }) {
  const tiles = [
    { name: 'Groups', said: status.groups.map((group) => standingOf(status, group)), href: null },
    {
      name: 'Services',
      said: status.services.map((service) => serviceSaid(status, service)),
      href: hrefOf({ screen: 'services', service: null }),
    },
    { name: 'Nodes', said: status.nodes.map(nodeSaid), href: hrefOf({ screen: 'nodes' }) },
  ]
  return (
    <ul class="tiles" aria-label="Summary">
      {tiles.map(({ name, said, href }) => (
        <li key={name}>
          <span class="name">{href === null ? name : <a href={href}>{name}</a>}</span>
          <Word said={countOf(said)} />
        </li>
      ))}
    </ul>
  )
}
function countOf(all: readonly Said[]): Said {
  if (all.length === 0) return say('off', 'none')
  const tone = worst(all.map((said) => said.tone))
  const alike = all.filter((said) => said.tone === tone).length
  return say(tone, `${alike} of ${all.length} ${TILE_WORDS[tone]}`)
}
const TILE_WORDS: Readonly<Record<Tone, string>> = {
  bad: 'at fault',
  unknown: 'not known',
  warn: 'with a warning',
  off: 'in maintenance',
  good: 'well',
}

function Troubles({ troubles, status }: { troubles: readonly ListedTrouble[]; status: Status }) {
  return (
    <Table
      caption="Troubles"
      label="Troubles"
      empty=""
      columns={[{ name: 'node' }, { name: 'severity' }, { name: 'what' }, { name: 'since' }, { name: 'what to do' }]}
      rows={troubles.map((trouble) => {
        const { node, message, code, object = '', hint, leftMs, since } = trouble
        return {
          key: `${node} ${code} ${object} ${message}`,
          cells: [
            node,
            <Word said={severitySaid(trouble)} />,
            <>
              {message} <small>{code}</small>
              {linesOf(trouble, status).map((text) => (
                <small key={text} class="line">
                  {text}
                </small>
              ))}
            </>,
            since === undefined || Number.isNaN(Date.parse(since)) ? '' : momentOf(Date.parse(since)),
            `${hint ?? ''}${leftMs === undefined ? '' : ' (over by itself)'}`,
          ],
        }
      })}
    />
  )
}

/** Only what needs a person: all of them stand beside the nodes. */
function Coordinators({ report }: { report: CoordinatorsReport }) {
  const faults = coordinatorFaults(report)
  if (faults.length === 0) return null
  return (
    <Table
      caption="Coordinators"
      label="What is wrong with coordinators"
      empty=""
      columns={[{ name: 'what' }]}
      rows={faults.map((fault) => ({ key: fault, cells: [fault] }))}
    />
  )
}

function Maintenance({ wanted }: { wanted: readonly Wanted[] }) {
  return (
    <Table
      caption="Maintenance"
      label="Maintenance"
      empty=""
      columns={['what', 'wanted', 'by', 'since', 'until', 'comment'].map((name) => ({ name }))}
      rows={wanted.map(({ what, intent, author, since, until, deadline, comment, idle }) => ({
        key: what,
        cells: [
          `${what}${idle ? ' (not in the configuration now)' : ''}`,
          <Word said={say('off', orderWord(intent) + (deadline === undefined ? '' : cutText(deadline, momentOf)))} />,
          author,
          <Ago at={since} />,
          until === null ? 'until it is ended' : momentOf(until),
          comment,
        ],
      }))}
    />
  )
}

function Groups({ status }: { status: Status }) {
  return (
    <Table
      caption="Groups"
      label="Groups"
      empty="There is no group yet: lvsm group add, on any node."
      columns={[
        { name: 'group' },
        { name: 'state' },
        { name: 'owner' },
        { name: 'lease', isNumber: true },
        { name: 'could take over' },
        { name: 'addresses' },
        { name: 'why' },
      ]}
      rows={status.groups.map((group) => ({
        key: group.name,
        cells: [
          group.name,
          <Word said={standingOf(status, group)} />,
          group.owner ?? '–',
          group.owner === null ? '–' : group.number,
          <Candidates status={status} group={group} />,
          group.addresses.join(', '),
          groupWhy(group, momentOf),
        ],
      }))}
    />
  )
}

function Candidates({ status, group }: { status: Status; group: Status['groups'][number] }) {
  const candidates = candidatesOf(status, group)
  if (candidates.length === 0) return <Word said={say('warn', 'no other director')} />
  return (
    <ul class="inline">
      {candidates.map(({ node, tone, text }) => (
        <li key={node}>
          <Word said={say(tone, tone === 'good' ? node : `${node}: ${text}`)} />
        </li>
      ))}
    </ul>
  )
}
