/** What `lvsm status` says beside groups, services and nodes, where there is anything: ping nodes, connections, keys that change, what was dropped. */
import {
  droppedLines,
  droppedTitle,
  keyChangeText,
  pingRows,
  type PingRow,
  type Status,
  unknownConnections,
} from '@lvsm/protocol'
import { say } from '../core/tones.ts'
import { Word } from '../parts/said.tsx'
import { Table } from '../parts/table.tsx'

export function Beside({ status }: { status: Status }) {
  const pings = pingRows(status.groups)
  const short = status.groups.flatMap((group) => unknownConnections(group).map((text) => [group.name, text] as const))
  const dropped = droppedLines(status.counters)
  return (
    <>
      {pings.length > 0 && <Pings rows={pings} />}
      {short.length > 0 && (
        <Table
          caption="Connections"
          label="Connections"
          empty=""
          columns={[{ name: 'group' }, { name: 'what' }]}
          rows={short.map(([name, text]) => ({ key: `${name} ${text}`, cells: [name, text] }))}
        />
      )}
      {(status.keys ?? []).length > 0 && (
        <Table
          caption="Heartbeat keys"
          label="Heartbeat keys"
          empty=""
          columns={[{ name: 'what' }, { name: 'what to do' }]}
          rows={(status.keys ?? []).map((change) => ({
            key: change.text,
            cells: [keyChangeText(change), change.hint ?? ''],
          }))}
        />
      )}
      {dropped.length > 0 && (
        <Table
          caption={droppedTitle(status)}
          label="Dropped"
          empty=""
          columns={[{ name: 'what' }]}
          rows={dropped.map((line) => ({ key: line.replace(/^\d+ \S+/, ''), cells: [line] }))}
        />
      )}
    </>
  )
}

function Pings({ rows }: { rows: readonly PingRow[] }) {
  return (
    <Table
      caption="Ping nodes"
      label="Ping nodes"
      empty=""
      columns={['group', 'ping node', 'reached by', 'not reached by', 'not known of'].map((name) => ({ name }))}
      rows={rows.map(({ group, address, owner, reached, unreached, unknown }) => ({
        key: `${group} ${address}`,
        cells: [
          group,
          address,
          reached.join(', ') || '–',
          unreached.length === 0 ? (
            '–'
          ) : (
            <Word said={say(owner !== null && unreached.includes(owner) ? 'bad' : 'warn', unreached.join(', '))} />
          ),
          unknown.length === 0 ? '–' : <Word said={say('unknown', unknown.join(', '))} />,
        ],
      }))}
    />
  )
}
