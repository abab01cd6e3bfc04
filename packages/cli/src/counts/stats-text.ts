/** What a kernel counts, for eyes: groups, and services with their realservers. */
import type { GroupStats, ServiceStats, StatsReport } from '@lvsm/protocol'
import type { Paint } from '../paint.ts'
import { table } from '../table.ts'
import { COLUMN_NAMES, COLUMNS, type ColumnName, type Row, sorted } from './columns.ts'
import { figure } from './figures.ts'

export interface StatsView {
  /** Of groups, services or nodes; none: of all. */
  readonly names: readonly string[]
  readonly sort: ColumnName | null
  readonly totals: boolean
  readonly exact: boolean
}
type Shown = StatsView & { readonly unknown: boolean }

export function statsText(report: StatsReport, view: StatsView, paint: Paint): string {
  const { cluster, node, ipvs } = report
  const what = view.totals ? 'counts of the kernel of' : 'rates of the kernel of'
  const title = `${paint('strong', cluster)}  ${what} ${node}`
  if (!ipvs) return `${title}\n${paint('bad', 'this kernel has no IPVS now')}\n`
  const own = report.groups.filter(({ owner }) => owner === node)
  const services = sorted(servicesOf(report, own, view.names), view.sort)
  const groups = own.filter(
    ({ name }) => view.names.length === 0 || view.names.includes(name) || services.some(({ group }) => group === name),
  )
  const shown = { ...view, unknown: isUnknown(report, view) }
  const parts = [`${title}${unknownText(report, view, paint)}${elsewhereText(report, paint)}`]
  if (groups.length > 0) parts.push(section('GROUPS', groupTable(sorted(groups, view.sort), shown, paint), paint))
  if (services.length > 0) parts.push(section('SERVICES', serviceTable(services, shown, paint), paint))
  return `${parts.join('\n\n')}\n`
}

const section = (title: string, body: string, paint: Paint): string => `${paint('strong', title)}\n${body}`

/** Rates that nobody makes read 0, and are not known. */
const isUnknown = ({ estimates = true }: StatsReport, { totals }: StatsView): boolean => !estimates && !totals
const unknownText = (report: StatsReport, view: StatsView, paint: Paint): string =>
  isUnknown(report, view)
    ? paint(
        'warn',
        `\n  no rate is known: the kernel of ${report.node} makes none (net.ipv4.vs.run_estimation=0); totals are right: lvsm stats --totals`,
      )
    : ''

/** Only an owner's kernel has packets. */
function elsewhereText({ groups, node }: StatsReport, paint: Paint): string {
  const elsewhere = groups.filter(({ owner }) => owner !== node)
  return elsewhere
    .map(({ name, owner }) =>
      owner === null
        ? paint('warn', `\n  ${name}: nobody owns it, as far as this node knows`)
        : paint('dim', `\n  ${name}: ${owner} owns it; its counts are there: lvsm stats on ${owner}`),
    )
    .join('')
}

/** With the realservers that are called so, where one is named. */
function servicesOf({ services }: StatsReport, own: readonly GroupStats[], names: readonly string[]): ServiceStats[] {
  const owned = new Set(own.map(({ name }) => name))
  const here = services.filter(({ group }) => owned.has(group))
  if (names.length === 0) return here
  return here.flatMap((service) => {
    if (names.includes(service.name) || names.includes(service.group)) return [service]
    const realservers = service.realservers.filter(({ node }) => node !== null && names.includes(node))
    return realservers.length > 0 ? [{ ...service, realservers }] : []
  })
}

const columnsOf = ({ totals }: StatsView): readonly ColumnName[] =>
  COLUMN_NAMES.filter((name) => {
    const { shown } = COLUMNS[name]
    return shown === 'always' || shown === (totals ? 'totals' : 'rates')
  })

const cells = (row: Row, names: readonly ColumnName[], { exact, unknown }: Shown): string[] =>
  names.map((name) => {
    if (unknown && COLUMNS[name].shown === 'rates') return '?'
    const value = COLUMNS[name].of(row)
    return value === null ? '' : exact ? String(value) : figure(value)
  })

const numbers = (names: readonly ColumnName[]): string[] => names.map((name) => COLUMNS[name].title)

function groupTable(groups: readonly GroupStats[], view: Shown, paint: Paint): string {
  const names = columnsOf(view).filter((name) => name !== 'weight')
  const rows = groups.map((group) => [group.name, ...cells(group, names, view)])
  return table(['group', ...numbers(names)], rows, paint, numbers(names))
}

function serviceTable(services: readonly ServiceStats[], view: Shown, paint: Paint): string {
  const names = columnsOf(view)
  const rows = services.flatMap((service) => {
    const absent = service.present ? '' : paint('bad', ' [not in this kernel]')
    const head = [`${paint('strong', service.name)}${absent}`, service.what, ...cells(service, names, view)]
    const servers = sorted(service.realservers, view.sort).map((one) => [
      `  ${one.node ?? paint('warn', 'not of this configuration')}`,
      one.address,
      ...cells(one, names, view),
    ])
    return [head, ...servers]
  })
  return table(['service, realserver', 'address', ...numbers(names)], rows, paint, numbers(names))
}
