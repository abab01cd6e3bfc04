/** The realservers that this director checks: who they are, by the configuration, and who is alive, by the checks. */
import { between } from '@lvsm/base'
import {
  type CheckResult,
  finish,
  type Health,
  judge,
  serve,
  servedBefore,
  setTargets,
  takeDue,
  UNCHECKED,
} from '@lvsm/health'
import { intentOnServer } from '@lvsm/changes'
import { type ConfigService, probeOf, destKey } from '@lvsm/model'
import { type ProbeFound } from '@lvsm/protocol'
import { type Observed, observedService } from '@lvsm/plan'
import type { Member, NodeState } from '../state.ts'
import { probing } from './probing.ts'

/** A failed realserver stays at weight 0 at least so long, and at most so long while it has connections. */
const LINGER_LEAST_MS = 1000
const LINGER_MOST_MS = 3000

export const memberId = (service: string, key: string): string => `${service} ${key}`
const isChecked = ({ check }: ConfigService): boolean => probeOf(check.type) !== null
const notChecked = ({ check }: ConfigService): Health => ({
  healthy: true,
  against: 0,
  reason: `not checked: check type ${check.type}`,
})

export function membersOf({ checks }: NodeState, service: ConfigService): readonly (readonly [string, Member])[] {
  return service.realservers.flatMap((entry) => {
    const key = destKey(entry)
    const member = checks.members.get(memberId(service.name, key))
    return member ? [[key, member] as const] : []
  })
}

/**
 * The configuration changed, or what operators want: members that stay keep their health, whatever is wanted of them, new ones
 * are checked at once.
 */
export function followConfig(state: NodeState): void {
  const { checks, view, facts } = state
  const before = new Map(checks.members)
  checks.members.clear()
  for (const service of view?.services ?? []) {
    for (const realserver of service.realservers) {
      const id = memberId(service.name, destKey(realserver))
      const known = before.get(id)
      const same = known && isChecked(known.service) === isChecked(service)
      const health = !isChecked(service) ? notChecked(service) : same ? known.health : UNCHECKED
      const { drainingSince = null, gone = false } = known ?? {}
      const last = same ? known.last : null
      const intent = intentOnServer(facts, service.name, realserver.node)
      checks.members.set(id, { id, service, realserver, intent, health, last, drainingSince, gone })
    }
  }
  const services = new Set(view?.services.map(({ name }) => name))
  for (const name of checks.pools.keys()) if (!services.has(name)) checks.pools.delete(name)
  if (checks.begun) begin(state, state.kernel.observed, before)
}

/** Who is served by the kernel's table stays served until its checks say otherwise. */
export function begin(
  state: NodeState,
  observed: Observed | null,
  known: ReadonlyMap<string, Member> = new Map(),
): void {
  const { checks, view, now } = state
  checks.begun = true
  for (const service of view?.services ?? []) {
    const table = observed ? observedService(observed, service) : undefined
    for (const [key, member] of membersOf(state, service)) {
      if (!isChecked(service) || known.has(member.id)) continue
      const dest = table?.dests.find((entry) => destKey(entry) === key)
      member.health = servedBefore((dest?.weight ?? 0) > 0)
    }
    fill(state, service)
  }
  const targets = [...checks.members.values()].filter(({ service }) => isChecked(service))
  setTargets(
    checks.schedule,
    targets.map(({ id, service: { check } }) => ({ id, intervalMs: check.intervalMs, timeoutMs: check.timeoutMs })),
    now,
  )
}

/** Among those that operators let serve: who is drained or stopped is nobody to keep, and keeps nobody out. */
function fill(state: NodeState, service: ConfigService): void {
  const serving = state.checks.pools.get(service.name)?.serving ?? new Set<string>()
  const members = membersOf(state, service)
    .filter(([, { intent }]) => intent === 'serve')
    .map(([id, { health }]) => ({ id, health }))
  state.checks.pools.set(service.name, serve(members, serving, service.check.keepLast))
}

/** Starts the checks that are due. */
export function checkIfDue(state: NodeState): void {
  const { checks } = state
  for (const { id } of takeDue(checks.schedule, state.now)) {
    const member = checks.members.get(id)
    const effect = member ? probing(state, member, id) : null
    if (effect) state.effects.push(effect)
  }
}

export interface Verdict {
  /** Who is served, or that everybody is known, changed. */
  readonly changed: boolean
  /** What to tell; null for a first result that is good news. */
  readonly event: { readonly group: string; readonly kind: 'failed' | 'recovered'; readonly reason: string } | null
}
const NOTHING: Verdict = { changed: false, event: null }

/** A check that ended, and told nothing: who made it died, or could not. */
export function unknown(state: NodeState, id: string): Verdict {
  finish(state.checks.schedule, id)
  return NOTHING
}

export function checked(state: NodeState, id: string, result: CheckResult, found: ProbeFound = {}): Verdict {
  const member = state.checks.members.get(id)
  if (!member) return NOTHING
  finish(state.checks.schedule, id)
  const before = member.health.healthy
  member.last = { at: state.now, found }
  member.health = judge(member.health, result, member.service.check)
  const { healthy } = member.health
  if (healthy === before) return NOTHING
  fill(state, member.service)
  if (before === null && healthy) return { changed: true, event: null }
  const { service, realserver } = member
  const key = destKey(realserver)
  const kept = state.checks.pools.get(service.name)?.kept.has(key) ? '; kept, because nobody else is left' : ''
  const reason = `${realserver.node} (${key}) in service ${service.name}: ${result.reason}${kept}`
  return { changed: true, event: { group: service.group, kind: healthy ? 'recovered' : 'failed', reason } }
}

/** Follows the table: who has drained. */
export function followTable(state: NodeState, observed: Observed): void {
  for (const service of state.view?.services ?? []) {
    const table = observedService(observed, service)
    const dests = new Map(table?.dests.map((dest) => [destKey(dest), dest]))
    for (const [key, member] of membersOf(state, service)) {
      const dest = dests.get(key)
      const served = state.checks.pools.get(service.name)?.serving.has(key) === true
      if (served || !dest) {
        member.drainingSince = null
        member.gone = false
        continue
      }
      member.drainingSince ??= state.now
      const long = between(member.drainingSince, state.now)
      const drained = dest.weight === 0 && dest.active === 0 && long >= LINGER_LEAST_MS
      member.gone ||= drained || long >= LINGER_MOST_MS
    }
  }
}

type Keys = ReadonlyMap<string, ReadonlySet<string>>

export const servingOf = ({ checks, view }: NodeState): Keys =>
  new Map(view?.services.map(({ name }) => [name, checks.pools.get(name)?.serving ?? new Set<string>()]))

/**
 * At weight 0 in the table: who failed or was stopped, until it has drained. One that an operator drains stays for as long that is
 * wanted, whatever its checks say: its server may have closed the port to let the last connections end.
 */
export const drainingOf = (state: NodeState): Keys =>
  new Map(
    state.view?.services.map((service) => {
      const draining = membersOf(state, service).filter(
        ([, { intent, drainingSince, gone }]) => intent === 'drain' || (drainingSince !== null && !gone),
      )
      return [service.name, new Set(draining.map(([key]) => key))]
    }),
  )

/** The first of these services that has realservers whose first check is still under way. */
export const uncheckedOf = (state: NodeState, services: readonly ConfigService[]): string | undefined =>
  services.find((service) => membersOf(state, service).some(([, { health }]) => health.healthy === null))?.name
