/**
 * Samples of the last hours in memory of a fixed size: five figures each (`RATE_KINDS`), the newest in place of the oldest. One series is
 * 21,600 bytes, however long the agent runs.
 */
import { type Five, RATE_KINDS, RATE_SPANS, type RateLines, type RateSeries } from '@lvsm/protocol'

const WIDTH = RATE_KINDS.length
const { hour, halfDay } = RATE_SPANS
/** Samples of the hour that are one of the half day. */
export const PER_COARSE = halfDay.stepMs / hour.stepMs

export interface Series {
  /** Not known: NaN. */
  readonly fine: Float32Array
  readonly coarse: Float32Array
}
export const newSeries = (): Series => ({
  fine: new Float32Array(hour.samples * WIDTH).fill(Number.NaN),
  coarse: new Float32Array(halfDay.samples * WIDTH).fill(Number.NaN),
})

/** `count`: how many samples there were before; the same for all series of a node. Null: not known. */
export function push({ fine, coarse }: Series, count: number, sample: Five | null): void {
  put(fine, count % hour.samples, sample)
  if ((count + 1) % PER_COARSE !== 0) return
  const last = Array.from({ length: PER_COARSE }, (_, back) => get(fine, (count - back) % hour.samples))
  const known = last.filter((one) => one !== null)
  put(coarse, Math.floor(count / PER_COARSE) % halfDay.samples, known.length === 0 ? null : meanOf(known))
}
/** One that begins late, and of which it is known that there was nothing from the sample `from` on, where `other` knows what there was. */
export function fillWithNothing(series: Series, other: Series, count: number, from: number): void {
  const spans = [
    [series.fine, other.fine, hour.samples, from, count],
    [series.coarse, other.coarse, halfDay.samples, Math.ceil(from / PER_COARSE), Math.floor(count / PER_COARSE)],
  ] as const
  for (const [own, known, samples, first, end] of spans)
    for (let at = Math.max(first, end - samples); at < end; at++)
      if (get(known, at % samples) !== null) put(own, at % samples, NOTHING)
}
const NOTHING: Five = [0, 0, 0, 0, 0]

/** Packets in a second, so many samples before the last one of `count`; null: not known, or too long ago. */
export const packetsIn = ({ fine }: Pick<Series, 'fine'>, count: number, back: number): number | null =>
  back >= Math.min(count, hour.samples) ? null : (get(fine, (count - 1 - back) % hour.samples)?.[1] ?? null)

/** Oldest first, of `count` samples that there were. */
export const seriesOf = ({ fine, coarse }: Series, count: number): RateSeries => ({
  hour: linesOf(fine, count, hour.samples),
  halfDay: linesOf(coarse, Math.floor(count / PER_COARSE), halfDay.samples),
})
/** Connections in the last hour. */
export const busynessOf = ({ fine }: Series): number => {
  let sum = 0
  for (let at = 0; at < fine.length; at += WIDTH) sum += fine[at] || 0
  return sum
}

function put(values: Float32Array, at: number, sample: Five | null): void {
  for (let kind = 0; kind < WIDTH; kind++) values[at * WIDTH + kind] = sample?.[kind] ?? Number.NaN
}
function get(values: Float32Array, at: number): Five | null {
  const of = (kind: number): number => values[at * WIDTH + kind] ?? Number.NaN
  return Number.isNaN(of(0)) ? null : [of(0), of(1), of(2), of(3), of(4)]
}
function meanOf(all: readonly Five[]): Five {
  const of = (kind: number): number => all.reduce((sum, one) => sum + (one[kind] ?? 0), 0) / all.length
  return [of(0), of(1), of(2), of(3), of(4)]
}

function linesOf(values: Float32Array, end: number, samples: number): RateLines {
  const lines: Record<keyof RateLines, (number | null)[]> = {
    ...{ connections: [], inPackets: [], outPackets: [], inBytes: [], outBytes: [] },
  }
  for (let at = Math.max(0, end - samples); at < end; at++)
    for (const [kind, name] of RATE_KINDS.entries())
      lines[name].push(shown(values[(at % samples) * WIDTH + kind] ?? Number.NaN))
  return lines
}
/** Three digits are enough for eyes, and a whole number stays one. */
const shown = (value: number): number | null =>
  Number.isNaN(value) ? null : value >= 1000 ? Math.round(value) : Number(value.toPrecision(3))
