/** Checks for eyes: how each stands, and what became of one that was run by hand. */
import { type CheckReport, type ChecksReport, type RunCheckReport, type Trial } from '@lvsm/protocol'
import { endpointText } from '@lvsm/base'
import { durationText } from '@lvsm/model'
import type { Paint } from '../paint.ts'
import { table } from '../table.ts'

type Differing = NonNullable<ChecksReport['differing']>

export const nameOf = ({ service, server }: Pick<Trial, 'service' | 'server'>): string => `${service}/${server}`

/** As `1.5 s`. */
export const timeText = (ms: number | null | undefined): string =>
  ms === null || ms === undefined ? '-' : ms < 1000 ? `${Math.round(ms * 10) / 10} ms` : `${(ms / 1000).toFixed(1)} s`

function stateOf(one: CheckReport, paint: Paint): string {
  const { type, healthy, against, fall, rise, kept, intent, basis, degraded } = one
  const wanted = intent === 'serve' ? '' : `, ${intent}`
  if (type === 'none') return `not asked${wanted}`
  if (healthy === null) return `${paint('warn', 'not known yet')}${wanted}`
  const way = against === 0 ? '' : healthy ? `, ${against} of ${fall} failed` : `, ${against} of ${rise} well`
  if (basis === 'table') return `${paint('warn', 'as found, well')}${way}${wanted}`
  const well = degraded === true ? paint('warn', 'degraded') : paint(against > 0 ? 'warn' : 'good', 'well')
  const word = healthy ? well : paint('bad', kept ? 'failed, kept' : 'failed')
  return `${word}${way}${wanted}`
}

/** `elsewhere`: what to do where there are none. */
export function checksText({ node, checks, differing = [] }: ChecksReport, paint: Paint, elsewhere = ''): string {
  if (checks.length === 0)
    return `${node} makes no checks: it directs no group that has services\n${elsewhere === '' ? '' : `  → ${elsewhere}\n`}${differingText(differing, paint)}`
  const rows = checks.map((one) => [
    nameOf(one),
    one.type,
    askedText(one),
    stateOf(one, paint),
    timeText(one.ageMs ?? one.foundMs),
    timeText(one.tookMs),
    one.reason,
  ])
  const head = ['check', 'type', 'asked', 'state', 'age', 'took', 'last result']
  return `${table(head, rows, paint, ['age', 'took'])}\n${differingText(differing, paint)}`
}

/** Directors that find otherwise than each other. */
export const differingText = (all: Differing, paint: Paint): string =>
  all
    .map(({ service, server, group, owner, failed, well }) => {
      const who = (nodes: readonly string[]): string =>
        nodes.map((one) => (one === owner ? `${one} (owns ${group}: its verdict counts)` : one)).join(', ')
      const name = paint('warn', `${service}/${server}`)
      return `directors differ: ${name} failed by the checks of ${who(failed)}, and not by those of ${who(well)}\n`
    })
    .join('')

const askedText = ({ address, port, way, tracks, server }: CheckReport): string =>
  tracks === undefined
    ? `${endpointText(address, port)}${way?.startsWith('through') === true ? ' via VIP' : ''}`
    : `as ${nameOf({ service: tracks, server })}`

/** One in full. */
export function checkText(one: CheckReport, paint: Paint): string {
  const { serving, tracks, server } = one
  const lines = [
    `${paint('strong', nameOf(one))}  ${stateOf(one, paint)}${serving ? '' : ', does not serve'}`,
    ...(tracks === undefined
      ? askingLines(one)
      : [`  asks nobody: it goes by service ${tracks}, lvsm check show ${nameOf({ service: tracks, server })}`]),
    `  ${lastLine(one)}`,
    ...ownLines(one),
    ...certificateLines(one),
    ...figureLines(one),
  ]
  return `${lines.join('\n')}\n`
}

const askingLines = ({ type, address, port, intervalMs, timeoutMs, fall, rise, way }: CheckReport): string[] => [
  `  asks ${endpointText(address, port)} by ${type}, each ${durationText(intervalMs)}, for ${durationText(timeoutMs)} at most; fall ${fall}, rise ${rise}`,
  ...(way === undefined ? [] : [`  asked ${way}`]),
]

function lastLine({ ageMs, foundMs, tookMs, reason, basis }: CheckReport): string {
  if (ageMs !== null) return `${timeText(ageMs)} ago, in ${timeText(tookMs)}: ${reason}`
  if (basis !== 'table') return reason
  return `${reason} (${typeof foundMs !== 'number' ? 'nobody knows since when no agent looked' : `known last ${timeText(foundMs)} ago`})`
}

const SIGHTS: Readonly<Record<string, string>> = {
  listens: 'somebody listens there',
  closed: 'nobody listens there',
  full: 'nobody accepts there',
  unread: 'it cannot see who listens',
}
function ownLines({ ownView }: CheckReport): string[] {
  if (!ownView) return []
  const { is, queue, most, load, ageMs } = ownView
  const waiting = most > 0 ? `, ${queue} wait to be accepted, ${most} may` : ''
  return [`  its own agent, ${timeText(ageMs)} ago: ${SIGHTS[is] ?? is}${waiting}; load ${load} of each processor`]
}

const certificateLines = ({ certificateUntilMs }: CheckReport): string[] =>
  certificateUntilMs === undefined
    ? []
    : [`  its certificate is good until ${new Date(certificateUntilMs).toISOString().slice(0, 10)}`]

function figureLines({ perfdata = [] }: Pick<Trial, 'perfdata'>): string[] {
  return perfdata.map(({ label, value, unit, warn, critical }) => {
    const ranges = [
      ...(warn === undefined ? [] : [`warning ${warn}`]),
      ...(critical === undefined ? [] : [`critical ${critical}`]),
    ]
    return `  ${label} = ${value}${unit}${ranges.length === 0 ? '' : ` (${ranges.join(', ')})`}`
  })
}

const VERDICTS = { true: ['good', 'well'], false: ['bad', 'failed'], null: ['warn', 'nobody knows'] } as const
const DEGRADED = ['warn', 'degraded'] as const
export function trialsText({ node, trials }: RunCheckReport, paint: Paint): string {
  return trials
    .map((one) => {
      const [colour, word] = one.ok === true && one.degraded === true ? DEGRADED : VERDICTS[`${one.ok}`]
      const asked = `${one.type} ${endpointText(one.address, one.port)}, asked by ${node}`
      const head = `${paint('strong', nameOf(one))}  ${paint(colour, word)} in ${timeText(one.tookMs)}: ${one.reason}  (${asked})`
      const steps = (one.steps ?? []).map(({ atMs, what, text }) => [timeText(atMs), what, text])
      const told = steps.length === 0 ? [] : [table(['after', 'step', ''], steps, paint, ['after'])]
      const known = (one.known ?? []).map((line) => `  ${line}`)
      return `${[head, ...told, ...figureLines(one), ...known].join('\n')}\n`
    })
    .join('\n')
}
