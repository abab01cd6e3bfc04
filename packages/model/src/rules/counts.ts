/** How much there may be of everything: beyond it nothing was made to work. Bounds of single lists stand in the schema. */
import { renewalMs } from '@lvsm/base'
import { DEFAULT_CHECK, MOST } from '../config.ts'
import { parseDuration } from '../duration.ts'
import type { Draft } from '../schema.ts'
import { probeOf, usualCheck } from '../tables/index.ts'
import { floating } from './addresses.ts'
import { timingOf } from './keys.ts'
import { serverCount } from './pools.ts'
import { entries, type Rule } from './rule.ts'

/** Realservers of all services: a pool's count in each service that uses it. */
export const countServers = (draft: Draft): number =>
  entries(draft.services).reduce((sum, { at }) => sum + serverCount(draft, at), 0)

/** Checks of a second that each director makes. */
export function checkRates(draft: Draft): ReadonlyMap<string, number> {
  const rates = new Map<string, number>()
  for (const { at, item: service } of entries(draft.services)) {
    const { interval, type = usualCheck(service.protocol) } = service.check ?? {}
    const intervalMs = interval === undefined ? DEFAULT_CHECK.intervalMs : parseDuration(interval)
    if (!intervalMs || probeOf(type) === null || service.check?.track !== undefined) continue
    const each = (1000 * serverCount(draft, at)) / intervalMs
    const group = entries(draft.groups).find(({ item }) => item.name === service.group)?.item
    for (const { item: director } of entries(group?.directors)) rates.set(director, (rates.get(director) ?? 0) + each)
  }
  return rates
}

/** Heartbeats of a second that a director hears, as agent/lease/core sends them; NaN while the timing is not known. */
export function heartbeatRate(draft: Draft): number {
  const timing = timingOf(draft)
  const close = renewalMs(timing) + timing.keepaliveMs / 2
  const directors = new Set(entries(draft.groups).flatMap(({ item }) => item.directors ?? [])).size
  const others = (draft.nodes?.length ?? 0) - Math.max(1, directors)
  return (1000 * Math.max(0, directors - 1)) / close + (1000 * others) / Math.max(close, timing.deadtimeMs / 4)
}

/** The shorter the keepalive, the less time there is between two renewals of a lease. */
const mostAddresses = (keepaliveMs: number): number => Math.floor(MOST.addresses * Math.min(1, keepaliveMs / 100))

export const counts: Rule = (draft, refuse) => {
  const addresses = floating(draft)
  const { keepaliveMs } = timingOf(draft)
  const most = mostAddresses(keepaliveMs)
  const beyond = addresses[most]
  if (beyond)
    refuse(
      'too-many-addresses',
      beyond.path,
      `the file has ${addresses.length} VIPs and gateways; with keepalive ${keepaliveMs} ms ${most} is the most`,
      `make a cluster of its own for some of them${most < MOST.addresses ? ', or raise keepalive' : ''}`,
    )
  const heard = heartbeatRate(draft)
  if (heard > MOST.heartbeatsPerSecond)
    refuse(
      'too-many-heartbeats',
      ['timing', 'keepalive'],
      `a director of ${draft.nodes?.length} nodes would hear ${Math.round(heard)} heartbeats a second; ${MOST.heartbeatsPerSecond} is the most`,
      'raise keepalive, lease and deadtime',
    )
  const realservers = countServers(draft)
  if (realservers > MOST.realservers)
    refuse(
      'too-many-realservers',
      ['services'],
      `the file has ${realservers} realservers of services; ${MOST.realservers} is the most`,
      'make a cluster of its own for some of the services',
    )
  for (const [director, rate] of checkRates(draft))
    if (rate > MOST.checksPerSecond) {
      refuse(
        'too-many-checks',
        ['services'],
        `director "${director}" would make ${Math.round(rate)} checks a second; ${MOST.checksPerSecond} is the most`,
        'raise the intervals of the checks',
      )
      return
    }
}
