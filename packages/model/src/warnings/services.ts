/** Services that nobody serves, and realservers whose answers do not come back. */
import { DEFAULT_CHECK } from '../config.ts'
import { parseDuration } from '../duration.ts'
import { TLS_KEYS } from '../tables/check-keys.ts'
import { type CheckType, forwarding, overOf, type Protocol, probeOf, protocolRow, usualCheck } from '../tables/index.ts'
import { served } from '../rules/pools.ts'
import { entries } from '../rules/rule.ts'
import type { WarningRule } from './warning.ts'

export const weights: WarningRule = (draft, warn) => {
  for (const { at, item: service } of entries(draft.services))
    if (served(draft, at).every(({ item }) => item.weight === 0))
      warn(
        'warning',
        'no-weight',
        ['services', at, service.pool === undefined ? 'realservers' : 'pool'],
        `all realservers of service "${service.name}" have weight 0: it takes no connections`,
        'give one of them a weight above 0',
      )
}

/** Served by directors themselves: which of them does decides who owns the group. */
export const locals: WarningRule = (draft, warn) => {
  for (const { at, item: service } of entries(draft.services)) {
    const servers = served(draft, at).filter(({ item }) => item.weight !== 0)
    const local = servers.filter(({ item: { forward } }) => forward !== undefined && forwarding(forward).onDirector)
    if (local.length === 0 || local.length < servers.length) continue
    const names = new Set(local.map(({ item }) => item.node))
    const group = entries(draft.groups).find(({ item }) => item.name === service.group)?.item
    const without = (group?.directors ?? []).filter((name) => !names.has(name))
    if (without.length === 0) continue
    warn(
      'warning',
      'nobody-serves-there',
      ['services', at, service.pool === undefined ? 'realservers' : 'pool'],
      `nobody serves service "${service.name}" while ${without.join(' or ')} owns group "${group?.name}": its realservers are directors that serve themselves alone`,
      `add ${without.join(' and ')} with forward: local (or all of them with forward: fullnat, which share the load), or a realserver that every director reaches`,
    )
  }
}

/** Who has no agent is checked from outside alone. */
export const ownViews: WarningRule = (draft, warn) => {
  for (const { at, item: service } of entries(draft.services)) {
    if (service.check?.['own-view'] !== true) continue
    const blind = served(draft, at).filter(({ item }) => item.agent === false)
    if (blind.length === 0) continue
    warn(
      'info',
      'own-view-partly',
      ['services', at, 'check', 'own-view'],
      `no agent looks for itself at ${blind.map(({ item }) => item.node).join(', ')} in service "${service.name}": the check alone decides there`,
      'nothing; or let it join the cluster: lvsm join TOKEN --role realserver',
    )
  }
}

/** Longer than anybody waits for a page. */
const LATE_MS = 60_000

export const checks: WarningRule = (draft, warn) => {
  for (const { at, item: service } of entries(draft.services)) {
    const { interval, fall = DEFAULT_CHECK.fall, type = usualCheck(service.protocol) } = service.check ?? {}
    const slow = service.check?.['slow-start'] !== undefined
    if (slow && served(draft, at).every(({ item }) => (item.weight ?? 1) <= 1))
      warn(
        'warning',
        'slow-start-weight',
        ['services', at, 'check', 'slow-start'],
        `slow-start changes nothing in service "${service.name}": a weight of 1 cannot grow`,
        'give its realservers weights of 10 or more',
      )
    const ms = fall * (interval === undefined ? DEFAULT_CHECK.intervalMs : (parseDuration(interval) ?? 0))
    if (ms <= LATE_MS || probeOf(type) === null || service.check?.track !== undefined) continue
    const message = `a realserver of service "${service.name}" that died is noticed after ${Math.round(ms / 1000)} s (interval × fall)`
    warn('warning', 'late-check', ['services', at, 'check', 'interval'], message, 'lower interval, or fall')
  }
}

/** Refused of types that came later; of this one, configurations have them. Its requests have a host in the clear, too. */
export const clearChecks: WarningRule = (draft, warn) => {
  for (const { at, item: service } of entries(draft.services)) {
    const { check } = service
    if (check?.type !== 'grpc' || check.tls === true) continue
    const key = Object.keys(TLS_KEYS).find((one) => one !== 'host' && Object.hasOwn(check, one))
    if (key === undefined) continue
    warn(
      'warning',
      'key-without-tls',
      ['services', at, 'check', key],
      `${key} changes nothing in the check of service "${service.name}": it speaks in the clear`,
      'add tls: true, or take it out',
    )
  }
}

/** Silence says little of a server: its host may be alive, and nobody there that answers. */
export const silentChecks: WarningRule = (draft, warn) => {
  for (const { at, item: service } of entries(draft.services)) {
    const { type = usualCheck(service.protocol), expect } = service.check ?? {}
    if (type !== 'udp' || expect !== undefined || service.check?.track !== undefined) continue
    warn(
      'info',
      'udp-check-unanswered',
      ['services', at, ...(service.check === undefined ? ['protocol'] : ['check'])],
      `the check of service "${service.name}" expects no answer: it fails only where a host refuses, or where it is not there at all, which takes seconds to be noticed`,
      'let its server answer, with send and expect; or ask for what it serves: type: dns, type: script',
    )
  }
}

const nextStep = (type: CheckType, protocol: Protocol): string => {
  // Name servers have both (RFC 7766).
  if (type === 'dns' && protocol !== 'sctp') return protocol === 'tcp' ? 'add tcp: true' : 'take tcp: true out'
  return `write type: ${usualCheck(protocol) === 'none' ? 'script' : usualCheck(protocol)}`
}

/** A port of the one protocol says nothing of the same port of the other. */
export const checkedPorts: WarningRule = (draft, warn) => {
  for (const { at, item: service } of entries(draft.services)) {
    const { protocol, check } = service
    if (protocol === undefined || check?.type === undefined || check.port !== undefined) continue
    const over = overOf(check.type, { ...check })
    if (over === null || protocolRow(protocol).kernel.includes(over)) continue
    warn(
      'warning',
      'check-of-other-protocol',
      ['services', at, 'check', 'type'],
      `the check of service "${service.name}" asks a port of ${protocolRow(over).title}, and clients one of ${protocolRow(protocol).title}: who listens at the one may be dead at the other`,
      `${nextStep(check.type, protocol)}, or name the port that is meant: port: PORT`,
    )
  }
}
