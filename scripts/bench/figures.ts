/** Pure: from runs to figures, and whether each demand was met. */
import type { Run } from './watch.ts'

export interface Spread {
  readonly median: number
  readonly worst: number
  readonly runs: number
}
export interface Figure {
  readonly name: string
  readonly unit: string
  readonly lvsm: Spread | undefined
  readonly keepalived: Spread | undefined
  /** In words; empty where a figure is only reported. */
  readonly demand: string
  readonly met: boolean | undefined
}

export function spread(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  const median = sorted.length % 2 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2
  return { median, worst: sorted.at(-1) ?? 0, runs: sorted.length }
}

type Quantity = 'gapMs' | 'requestMs' | 'twoOwnersMs' | 'failed' | 'silenceMs'

const of = (runs: readonly Run[], system: Run['system'], fault: string, quantity: Quantity): Spread | undefined =>
  spread(runs.filter((run) => run.system === system && run.fault === fault).map((run) => run[quantity]))

/** Initial retransmission timeout of a SYN (RFC 6298): a request that took so long has lost one. */
export const SYN_TIMEOUT_MS = 1000

export function failoverFigures(
  runs: readonly Run[],
  names: { cut: string; stop: string; switchover: string },
): Figure[] {
  const pair = (fault: string, quantity: Quantity) => ({
    lvsm: of(runs, 'lvsm', fault, quantity),
    keepalived: of(runs, 'keepalived', fault, quantity),
  })
  const outage = pair(names.cut, 'gapMs')
  const ratio = outage.lvsm && outage.keepalived ? outage.lvsm.median / outage.keepalived.median : undefined
  const faults = [...new Set(runs.map(({ fault }) => fault))]
  const doubles = faults
    .filter((fault) => fault !== names.switchover)
    .map((fault): Figure => {
      const both = pair(fault, 'twoOwnersMs')
      const blind = runs.filter((run) => run.system === 'lvsm' && run.fault === fault && run.unseen !== null).length
      const demand = blind > 0 ? `0 ms (${blind} runs not fully seen)` : '0 ms'
      return { name: `two owners: ${fault}`, unit: 'ms', ...both, demand, met: both.lvsm?.worst === 0 && blind === 0 }
    })
  const moved = (quantity: Quantity): Spread | undefined => of(runs, 'lvsm', names.switchover, quantity)
  const stopGap = of(runs, 'keepalived', names.stop, 'gapMs')
  const [failed, gap, request, twice] = [moved('failed'), moved('gapMs'), moved('requestMs'), moved('twoOwnersMs')]
  return [
    {
      name: `client outage: ${names.cut}`,
      unit: 'ms',
      ...outage,
      demand: `median ≤ 1.1 × keepalived${ratio === undefined ? '' : ` (${ratio.toFixed(2)} ×)`}`,
      met: ratio !== undefined && ratio <= 1.1,
    },
    ...doubles,
    {
      name: 'switchover: failed requests',
      unit: '',
      lvsm: failed,
      keepalived: of(runs, 'keepalived', names.stop, 'failed'),
      demand: '0',
      met: failed?.worst === 0,
    },
    {
      name: 'switchover: longest gap (peer: graceful stop)',
      unit: 'ms',
      lvsm: gap,
      keepalived: stopGap,
      demand: "median below the peer's",
      met: gap !== undefined && stopGap !== undefined && gap.median < stopGap.median,
    },
    {
      name: 'switchover: longest request (peer: graceful stop)',
      unit: 'ms',
      lvsm: request,
      keepalived: of(runs, 'keepalived', names.stop, 'requestMs'),
      demand: 'no SYN lost (< 1000 ms)',
      met: request !== undefined && request.worst < SYN_TIMEOUT_MS,
    },
    { name: 'switchover: two owners', unit: 'ms', lvsm: twice, keepalived: undefined, demand: '', met: undefined },
  ]
}
