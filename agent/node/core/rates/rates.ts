/**
 * Connections, packets and bytes a second of the last hours, of what this node's kernel forwards: for sparklines, in memory alone. The
 * kernel's totals are read every ten seconds by the thread that reads them (`agent/counts`); a rate is what came between two readings.
 *
 * Laws: at most `MOST_SERIES` services have a series of their own, which begins with their first traffic and ends when the configuration
 * has them no more or twelve hours after their last; the others are summed in one. With the node's own that is 2.8 MB at most. A time
 * without readings is a gap, not 0. Counts that went back began anew: what they have now came since.
 */
import { after, between, type Instant } from '@lvsm/base'
import {
  type Five,
  fiveOf,
  MOST_RATES_SAID,
  NO_TRAFFIC,
  RATE_SPANS,
  type SaidRates,
  type TotalsReading,
  trafficOf,
} from '@lvsm/protocol'
import type { NodeState } from '../state.ts'
import { fillWithNothing, newSeries, PER_COARSE, push, type Series } from './series.ts'

export const MOST_SERIES = 128
const STEP_MS = RATE_SPANS.hour.stepMs
/** Samples after which nothing is left of what was. */
const ALL = RATE_SPANS.halfDay.samples * PER_COARSE

interface OwnSeries extends Series {
  /** The last sample with traffic. */
  busyAt: number
}
export interface Rates {
  asking: boolean
  lookAt: Instant
  /** `totals` null: the kernel had no IPVS. */
  last: { readonly at: Instant; readonly totals: ReadonlyMap<string, Five> | null } | null
  /** How many samples there were. */
  count: number
  /** Of all that this kernel forwards. Null: there was no sample yet. */
  total: Series | null
  readonly services: Map<string, OwnSeries>
  rest: Series | null
  /** Service → the last sample in which it was part of the rest. */
  readonly inRest: Map<string, number>
  latest: SaidRates | null
}
export const newRates = (at: Instant): Rates => ({
  ...{ asking: false, lookAt: at, last: null, count: 0, total: null, rest: null, latest: null },
  ...{ services: new Map(), inRest: new Map() },
})

/** As much of the state as this needs. */
export type Sampling = Pick<NodeState, 'rates' | 'now' | 'view' | 'effects'>

export const directsAny = ({ view }: Pick<NodeState, 'view'>): boolean => (view?.services.length ?? 0) > 0

export function readTotalsIfDue(state: Sampling): void {
  const { rates, now, effects } = state
  if (rates.asking) return
  if (!directsAny(state)) return void Object.assign(rates, { last: null, latest: null })
  if (now < rates.lookAt) return
  rates.asking = true
  rates.lookAt = after(now, STEP_MS)
  effects.push({ kind: 'totals' })
}
export const nextTotals = (state: Sampling): Instant | null =>
  state.rates.asking || !directsAny(state) ? null : state.rates.lookAt

/** `reading` null: it could not be read. */
export function onTotals(state: Sampling, reading: TotalsReading | null): void {
  const { rates, now } = state
  rates.asking = false
  if (!reading || !directsAny(state)) return
  const before = rates.last
  const totals = reading.node && totalsIn(reading)
  rates.last = { at: now, totals }
  if (!before) return
  const passedMs = between(before.at, now)
  if (passedMs <= 0) return
  forget(state)
  for (let gaps = Math.min(Math.round(passedMs / STEP_MS) - 1, ALL); gaps > 0; gaps--) pushAll(rates, null)
  if (!before.totals || !totals) {
    rates.latest = null
    return pushAll(rates, null)
  }
  const earlier = before.totals
  const rateOf = (key: string, now5: Five): Five => rateBetween(earlier.get(key) ?? NO_TRAFFIC, now5, passedMs)
  const services = new Map(reading.services.map(({ name, totals: own }) => [name, rateOf(`service ${name}`, own)]))
  const node = rateOf('', reading.node ?? NO_TRAFFIC)
  pushAll(rates, { node, services })
  rates.latest = { node: rounded(node), services: busiest(services), servers: serversOf(reading, rateOf) }
}

function totalsIn({ node, services, servers }: TotalsReading): ReadonlyMap<string, Five> {
  const known = new Map<string, Five>([['', node ?? NO_TRAFFIC]])
  for (const { name, totals } of services) known.set(`service ${name}`, totals)
  for (const one of servers ?? []) known.set(serverKey(one), one.totals)
  return known
}
const serverKey = ({ service, key }: { readonly service: string; readonly key: string }): string =>
  `server ${service} ${key}`

function rateBetween(before: Five, now: Five, passedMs: number): Five {
  const isAnew = now.some((value, kind) => value < (before[kind] ?? 0))
  const of = (kind: number): number => (((now[kind] ?? 0) - (isAnew ? 0 : (before[kind] ?? 0))) * 1000) / passedMs
  return [of(0), of(1), of(2), of(3), of(4)]
}
const isNothing = (rate: Five): boolean => rate.every((value) => value === 0)
const sumOf = (one: Five, other: Five): Five => fiveOf(addTraffic(one, other))
function addTraffic(one: Five, other: Five): ReturnType<typeof trafficOf> {
  const of = (kind: number): number => (one[kind] ?? 0) + (other[kind] ?? 0)
  return trafficOf([of(0), of(1), of(2), of(3), of(4)])
}

/** What the configuration has no more, and what had no traffic for as long as a series goes back. */
function forget({ rates, view }: Sampling): void {
  const names = new Set(view?.services.map(({ name }) => name))
  for (const [name, { busyAt }] of rates.services)
    if (!names.has(name) || rates.count - busyAt > ALL) rates.services.delete(name)
  for (const [name, at] of rates.inRest) if (!names.has(name) || rates.count - at > ALL) rates.inRest.delete(name)
}

/** One sample of each series; null: not known. */
function pushAll(
  rates: Rates,
  sample: { readonly node: Five; readonly services: ReadonlyMap<string, Five> } | null,
): void {
  const { count } = rates
  rates.total ??= newSeries()
  push(rates.total, count, sample && sample.node)
  let rest = NO_TRAFFIC
  for (const [name, rate] of sample?.services ?? []) {
    if (isNothing(rate)) continue
    const own = rates.services.get(name) ?? begun(rates, name)
    if (own) own.busyAt = count
    else {
      rates.inRest.set(name, count)
      rest = sumOf(rest, rate)
    }
  }
  for (const [name, own] of rates.services) push(own, count, sample && (sample.services.get(name) ?? NO_TRAFFIC))
  if (rates.rest === null && !isNothing(rest)) {
    rates.rest = newSeries()
    fillWithNothing(rates.rest, rates.total, count, 0)
  }
  if (rates.rest) push(rates.rest, count, sample && rest)
  rates.count += 1
}
function begun(rates: Rates, name: string): OwnSeries | null {
  const { services, total, count, inRest } = rates
  if (!total || services.size >= MOST_SERIES) return null
  const own = { ...newSeries(), busyAt: count }
  fillWithNothing(own, total, count, (inRest.get(name) ?? -1) + 1)
  services.set(name, own)
  return own
}

/** To a tenth: what hardly changes is not said anew. */
const rounded = ([connections, inPackets, outPackets, inBytes, outBytes]: Five): Five => {
  const tenth = (value: number): number => Math.round(value * 10) / 10
  return [tenth(connections), tenth(inPackets), tenth(outPackets), tenth(inBytes), tenth(outBytes)]
}
const volume = ([, inPackets, outPackets]: Five): number => inPackets + outPackets
function busiest(services: ReadonlyMap<string, Five>): SaidRates['services'] {
  const busy = [...services].filter(([, rate]) => !isNothing(rounded(rate)))
  const most = busy.toSorted(([, one], [, other]) => volume(other) - volume(one)).slice(0, MOST_RATES_SAID)
  return Object.fromEntries(most.map(([name, rate]) => [name, rounded(rate)]))
}
function serversOf({ servers }: TotalsReading, rateOf: (key: string, totals: Five) => Five): SaidRates['servers'] {
  if (!servers) return null
  const nodes = new Map<string, Five>()
  for (const one of servers)
    nodes.set(one.node, sumOf(nodes.get(one.node) ?? NO_TRAFFIC, rateOf(serverKey(one), one.totals)))
  const busy = [...nodes].map(([node, rate]) => [node, rounded(rate)] as const).filter(([, rate]) => !isNothing(rate))
  return Object.fromEntries(busy)
}
