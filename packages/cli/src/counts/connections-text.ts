/** Connections of a kernel for eyes: how many of what, and the first of them. */
import type { ConnectionsReport } from '@lvsm/protocol'
import type { Paint } from '../paint.ts'
import { table } from '../table.ts'

export function connectionsText(report: ConnectionsReport, paint: Paint): string {
  const { cluster, node, ipvs, whole, read, matched, connections } = report
  const title = `${paint('strong', cluster)}  connections in the kernel of ${node}: `
  if (!ipvs) return `${title}${paint('bad', 'it has no IPVS now')}\n`
  const shown = connections.length < matched ? `, the first ${connections.length} below` : ''
  const counts = matched === read ? `${read}${shown}` : `${matched} of ${read}${shown}`
  const partly = whole ? '' : paint('warn', '\n  not all were read in time: there are more')
  const parts = [`${title}${counts}${partly}`]
  if (matched > 0) parts.push(section('STATES', stateTable(report, paint), paint))
  if (matched > 0) parts.push(section('REALSERVERS', serverTable(report, paint), paint))
  if (connections.length > 0) parts.push(section('CONNECTIONS', connectionTable(report, paint), paint))
  return `${parts.join('\n\n')}\n`
}

const section = (title: string, body: string, paint: Paint): string => `${paint('strong', title)}\n${body}`

function stateTable({ states }: ConnectionsReport, paint: Paint): string {
  const rows = Object.entries(states).map(([state, count]) => [state, String(count)])
  return table(['state', 'connections'], rows, paint, ['connections'])
}
function serverTable({ servers }: ConnectionsReport, paint: Paint): string {
  const rows = servers.map(({ service, server, node, connections }) => [
    service ?? '-',
    node ?? '-',
    server,
    String(connections),
  ])
  return table(['service', 'realserver', 'address', 'connections'], rows, paint, ['connections'])
}
function connectionTable({ connections }: ConnectionsReport, paint: Paint): string {
  const rows = connections.map((one) => [
    one.protocol,
    one.client,
    one.virtual,
    one.service ?? '-',
    one.server,
    one.node ?? '-',
    one.state,
    `${one.expiresSeconds} s`,
  ])
  const head = ['protocol', 'client', 'virtual', 'service', 'address', 'realserver', 'state', 'expires']
  return table(head, rows, paint, ['expires'])
}
