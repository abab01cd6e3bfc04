/** The kernel's fence of one node for eyes: what is open, for how long, what was dropped, and what is missing. */
import { type FenceElementReport, type FenceGroupReport, type FenceReport, type FenceTableReport } from '@lvsm/protocol'
import { MARKS } from '@lvsm/base'
import { type Paint } from './paint.ts'
import { table } from './table.ts'
import { troubleLine } from './trouble-text.ts'

export function fenceText(report: FenceReport, paint: Paint): string {
  const parts = [summary(report, paint)]
  // Every lease process builds its tables, empty where it directs nothing.
  const concerned = report.directs.length + report.groups.length > 0
  const standing = report.tables.filter(({ present }) => present && concerned)
  if (standing.length > 0) parts.push(section('TABLES', tableTable(standing, paint), paint))
  for (const group of report.groups)
    if (group.elements.length > 0) parts.push(section(groupTitle(group, paint), elementTable(group, paint), paint))
  if (report.faults.length > 0) {
    const lines = report.faults.map((fault) => troubleLine({ ...fault, node: report.node }, paint))
    parts.push(section('MISSING', lines.join('\n'), paint))
  }
  return `${parts.join('\n\n')}\n`
}

const section = (title: string, body: string, paint: Paint): string => `${paint('strong', title)}\n${body}`

function summary({ cluster, node, directs, leaseFault, faults }: FenceReport, paint: Paint): string {
  const title = `${paint('strong', cluster)}  fence of ${node}: `
  const lease = leaseFault === null ? '' : `\n${paint('bad', `its lease process does not answer: ${leaseFault}`)}`
  if (directs.length === 0) return `${title}this node directs no group and needs none${lease}`
  const [first, ...more] = faults
  if (!first) return `${title}${paint('good', 'whole')}${lease}`
  return `${title}${paint('bad', `${first.message}${more.length > 0 ? ` (and ${more.length} more, see below)` : ''}`)}${lease}`
}

function tableTable(tables: readonly FenceTableReport[], paint: Paint): string {
  const rows = tables.map(({ part, family, hooks }) => [`${family} ${MARKS.fenceTable}`, part, hooks.join(', ') || '-'])
  return table(['table', 'guards', 'hooks'], rows, paint)
}

const groupTitle = ({ name, addresses, directed }: FenceGroupReport, paint: Paint): string =>
  `GROUP ${name}  ${addresses.join(', ') || 'no address'}${directed ? '' : paint('warn', '  [not of this configuration]')}`

function elementTable({ elements }: FenceGroupReport, paint: Paint): string {
  const rows = elements.map((element: FenceElementReport) => [
    element.part,
    `${element.family} ${MARKS.fenceTable}`,
    element.open ? paint('good', 'open') : paint('dim', 'closed'),
    element.open ? `${element.leftMs} ms` : '-',
    element.open ? `${element.timeoutMs} ms` : '-',
    String(element.droppedPackets),
    String(element.droppedBytes),
  ])
  const head = ['part', 'table', 'state', 'left', 'of', 'dropped', 'bytes']
  return table(head, rows, paint, ['left', 'of', 'dropped', 'bytes'])
}
