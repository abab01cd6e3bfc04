/** Virtual services: their address, scheduler, check and realservers. */
import { DEFAULT_CHECK } from '../config.ts'
import type { Path } from '../document.ts'
import { durationText, parseDuration } from '../duration.ts'
import { destKey } from '../service-id.ts'
import { type Floating, floating } from './addresses.ts'
import { placesOf } from './on-link.ts'
import { type Service, served } from './pools.ts'
import { checkPacing } from './pacing.ts'
import { checkFamily } from './families.ts'
import { checkScheduler } from './schedulers.ts'
import { checkPorts, refuseShared, type Taken } from './service-ports.ts'
import { checkOwnView } from './own-view.ts'
import { checkVia } from './via.ts'
import { checkOptions } from './service-options.ts'
import { checkForwarding, checkOwner, checkRealserver } from './realservers.ts'
import { entries, isUnread, type Refuse, refuseTwice, type Rule } from './rule.ts'

export const services: Rule = (draft, refuse) => {
  const all = floating(draft)
  const places = placesOf(draft)
  const taken: Taken = { places: new Map(), marks: new Map() }
  const names = new Set<string>()
  for (const { at, item: service } of entries(draft.services)) {
    // One that stands there twice has everything twice, which has been said.
    if (service.name !== undefined && names.size === names.add(service.name).size) continue
    const path: Path = ['services', at]
    const index = (draft.groups ?? []).findIndex(
      (group) => group?.name === service.group && service.group !== undefined,
    )
    const own = all.filter((entry) => entry.group === index)
    checkPorts(service, path, served(draft, at), refuse)
    refuseShared(taken, service, path, refuse)
    const readable = own.filter((entry) => entry.kind === 'vip').length === draft.groups?.[index]?.vips?.length
    if (index >= 0 && readable) checkAddress(service, own, path, refuse)
    checkScheduler(service, served(draft, at), path, refuse)
    checkTiming(service, path, refuse)
    checkOptions(service, served(draft, at), path, refuse)
    checkOwnView(service, served(draft, at), path, refuse)
    checkVia(service, served(draft, at), path, refuse)
    const seen = new Map<string, string>()
    for (const server of served(draft, at)) {
      const { item, pool } = server
      const itsPort = service.ports ? 0 : (item.port ?? service.port)
      if (item.address !== undefined && itsPort !== undefined)
        refuseTwice(
          seen,
          destKey({ address: item.address, port: itsPort }),
          pool === null ? 'a realserver of this service' : `a realserver of service "${service.name}"`,
          server.place('address'),
          refuse,
          'duplicate-realserver',
          'name each realserver once; give it more weight instead',
        )
      checkRealserver(server, service, refuse)
      checkFamily(server, service, refuse)
      checkOwner(server, places, refuse)
      const group = draft.groups?.[index]
      if (group) checkForwarding({ draft, group, own, server, places }, refuse)
    }
  }
}

function checkAddress(service: Service, own: readonly Floating[], path: Path, refuse: Refuse): void {
  if (service.address === undefined || own.some((entry) => entry.kind === 'vip' && entry.address === service.address))
    return
  const vips = own.filter((entry) => entry.kind === 'vip').map((entry) => entry.address)
  refuse(
    'address-not-in-group',
    [...path, 'address'],
    `${service.address} is no VIP of group "${service.group}"`,
    vips.length > 0 ? `its VIPs: ${vips.join(', ')}` : 'add it to the vips of the group',
  )
}

/** What is longer would come too late for anybody; a group is not ready before each of its realservers was checked. */
const LONGEST = { intervalMs: 3_600_000, timeoutMs: 60_000 } as const

function checkTiming(service: Service, path: Path, refuse: Refuse): void {
  const { check } = service
  const figure = (key: 'interval' | 'timeout', otherwise: number): number =>
    check?.[key] === undefined
      ? isUnread(check, key)
        ? Number.NaN
        : otherwise
      : (parseDuration(check[key]) ?? Number.NaN)
  const intervalMs = figure('interval', DEFAULT_CHECK.intervalMs)
  const timeoutMs = figure('timeout', Math.min(DEFAULT_CHECK.timeoutMs, intervalMs))
  const said = { interval: durationText(intervalMs), timeout: durationText(timeoutMs) }
  const impossible = (broken: boolean, key: string, message: string, hint: string): void => {
    if (broken) refuse('impossible-timing', [...path, 'check', key], message, hint)
  }
  impossible(intervalMs < 50, 'interval', `interval ${said.interval} is under 50ms`, 'use at least 50ms')
  impossible(
    intervalMs > LONGEST.intervalMs,
    'interval',
    `interval ${said.interval} is more than an hour: nobody would notice in time that a realserver died`,
    'use at most 1h; seconds are usual',
  )
  impossible(timeoutMs < 10, 'timeout', `timeout ${said.timeout} is under 10ms`, 'use at least 10ms')
  impossible(
    timeoutMs > LONGEST.timeoutMs,
    'timeout',
    `timeout ${said.timeout} is more than a minute: a director would not be ready for as long`,
    'use at most 60s; a second is usual',
  )
  impossible(
    timeoutMs > intervalMs,
    'timeout',
    `timeout ${said.timeout} > interval ${said.interval}: checks would overtake each other`,
    'lower timeout, or raise interval',
  )
  checkPacing(service, intervalMs, path, refuse)
}
