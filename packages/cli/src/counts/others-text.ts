/** What all nodes forward and serve, for eyes: each with its age, or why nothing of it is known. */
import type { ClusterRates, NodeRates, ServiceRates, Traffic } from '@lvsm/protocol'
import type { Paint } from '../paint.ts'
import { table } from '../table.ts'
import type { Everywhere } from './everywhere.ts'
import { figure } from './figures.ts'
import type { StatsView } from './stats-text.ts'

const UNASKED =
  'of other nodes nothing is known here: no coordinator answers, and an agent reads its own kernel alone; on each of them: lvsm stats'

/** Empty where one agent alone was asked for. */
export function othersText({ others, node }: Everywhere, view: StatsView, paint: Paint): string {
  if (others === undefined) return ''
  if (others === null) return `\n${section('NODES', `  ${paint('warn', UNASKED)}`, paint)}\n`
  const isWanted = ({ name }: { readonly name: string }): boolean =>
    view.names.length === 0 || view.names.includes(name)
  const nodes = others.nodes.filter(isWanted)
  const elsewhere = others.services.filter(
    (one) => one.owner !== node && (isWanted(one) || view.names.includes(one.group)),
  )
  return [
    ...(elsewhere.length > 0 ? [section('SERVICES OF OTHER OWNERS', serviceTable(elsewhere, view, paint), paint)] : []),
    ...(nodes.length > 0 ? [section(nodesTitle(others), nodeTable(nodes, view, paint), paint)] : []),
  ]
    .map((part) => `\n${part}\n`)
    .join('')
}

const section = (title: string, body: string, paint: Paint): string => `${paint('strong', title)}\n${body}`
const nodesTitle = ({ node }: ClusterRates): string => `NODES, in the last ten seconds, as ${node} knows them`

const RATES = ['conn/s', 'packets in/s', 'out/s', 'bytes in/s', 'out/s'] as const
const COUNTS = ['active', 'inactive'] as const
const NUMBERS = [...COUNTS, ...RATES]

type Numbers = Pick<NodeRates, (typeof COUNTS)[number]> & { readonly rates: Traffic | null }
function cells({ active, inactive, rates }: Numbers, { exact }: StatsView): string[] {
  const all = rates
    ? [rates.connections, rates.inPackets, rates.outPackets, rates.inBytes, rates.outBytes]
    : RATES.map(() => null)
  return [active, inactive, ...all].map((value) => (value === null ? '-' : exact ? String(value) : figure(value)))
}

function serviceTable(services: readonly ServiceRates[], view: StatsView, paint: Paint): string {
  const rows = services.map((one) => [
    one.name,
    one.owner ?? '-',
    ...cells(one, view),
    one.reason === '' ? '' : paint('warn', one.reason),
  ])
  return table(['service', 'owner', ...NUMBERS, ''], rows, paint, NUMBERS)
}

/** One that directs and serves has a line for each. */
function nodeTable(nodes: readonly NodeRates[], view: StatsView, paint: Paint): string {
  const rows = nodes.flatMap((one): string[][] => {
    const told = toldText(one, paint)
    const parts = [
      ...(one.roles.includes('director')
        ? [['director', ...cells({ active: null, inactive: null, rates: one.directs }, view)]]
        : []),
      ...(one.roles.includes('realserver') ? [['realserver', ...cells({ ...one, rates: one.serves }, view)]] : []),
    ]
    const all = parts.length > 0 ? parts : [[one.roles.join(', '), ...NUMBERS.map(() => '-')]]
    return all.map((part, at) => [at === 0 ? paint('strong', one.name) : '', ...part, at === 0 ? told : ''])
  })
  return table(['node', 'as', ...NUMBERS, 'told'], rows, paint, NUMBERS)
}

function toldText({ ageMs, reason }: NodeRates, paint: Paint): string {
  const age = ageMs === null ? 'never' : `${figure(ageMs / 1000)} s ago`
  return reason === '' ? age : `${age}: ${paint('warn', reason)}`
}
