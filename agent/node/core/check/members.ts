/** The realservers that this director checks: who they are, by the configuration, and who is alive, by the checks. */
import {
  afterWord,
  type CheckResult,
  choose,
  fell,
  finish,
  type Health,
  isHeld,
  judge,
  NOBODY_CHOSEN,
  ofAgent,
  paceOf,
  setPace,
  setTargets,
  takeDue,
} from '@lvsm/health'
import { type ConfigService, destKey } from '@lvsm/model'
import { type ProbeFound } from '@lvsm/protocol'
import { type Observed, type ObservedDest, observedService } from '@lvsm/plan'
import { isUnderWay } from './unknowns.ts'
import type { Member } from './member.ts'
import type { NodeState } from '../state.ts'
import { besides } from './besides.ts'
import { find, findWeight, foundAt, isChecked, isTracking, memberId, memberOf, placesOf } from './initial.ts'
import { askedFor, healthOf } from './sight.ts'
import { saidWeight, takesNone } from './said-weight.ts'
import { adopt, followTargets } from './targets.ts'
import { ask } from './through.ts'
import { followTracks } from './tracks.ts'

export function membersOf({ checks }: NodeState, service: ConfigService): readonly (readonly [string, Member])[] {
  return placesOf(service).flatMap(({ key, id }) => {
    const member = checks.members.get(id)
    return member ? [[key, member] as const] : []
  })
}

/**
 * The configuration changed, or what operators want: members that stay keep their health, whatever is wanted of them, new ones
 * are checked at once.
 */
export function followConfig(state: NodeState): void {
  const { checks, view } = state
  const before = new Map(checks.members)
  checks.members.clear()
  checks.held.clear()
  const there = new Set([...before.values()].map(({ service }) => service.name))
  for (const service of view?.services ?? []) {
    for (const realserver of service.realservers) {
      const id = memberId(service.name, destKey(realserver))
      const known = before.get(id)
      const member = memberOf(state, service, realserver, known)
      member.away ||= checks.begun && !known && there.has(service.name)
      if (member.flap.heldUntil !== null) checks.held.add(id)
      checks.members.set(id, member)
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
  const knownAt = foundAt(state)
  const isStart = !checks.begun
  checks.begun = true
  followTargets(checks)
  followTracks(checks)
  const adopted = adopt(checks, known)
  for (const service of view?.services ?? []) {
    const table = observed ? observedService(observed, service) : undefined
    if (isStart && table) findStandsIn(state, service, table.dests)
    for (const [key, member] of membersOf(state, service)) {
      const before = known.get(member.id)
      const isFound = isChecked(service) && !(before && isChecked(before.service)) && !adopted.has(member)
      const dest = table?.dests.find((entry) => destKey(entry) === key)
      if (isFound) find(state, member, (dest?.weight ?? 0) > 0, knownAt)
      if (isStart && dest && (isFound || isTracking(service))) findWeight(state, member, dest.weight, knownAt)
    }
  }
  // When all of them are known whose verdicts others have.
  for (const service of view?.services ?? []) fill(state, service)
  setTargets(
    checks.schedule,
    [...checks.targets].flatMap(([id, [first]]) => {
      if (!first) return []
      const { intervalMs, timeoutMs, pacing } = first.service.check
      return [{ id, intervalMs, timeoutMs, jitter: pacing.jitter / 100 }]
    }),
    now,
  )
}

/** Backups that served alone go on until the others are known: without quorum, as far as anybody knows. */
function findStandsIn({ checks }: NodeState, service: ConfigService, dests: readonly ObservedDest[]): void {
  const taking = new Set(dests.filter(({ weight }) => weight > 0).map(destKey))
  const found = service.realservers.filter((one) => taking.has(destKey(one)))
  if (found.length === 0 || found.some(({ backup }) => backup !== true)) return
  const serving = new Set(found.map(destKey))
  checks.pools.set(service.name, { ...NOBODY_CHOSEN, quorate: false, standsIn: true, serving, taking: serving })
}

/** Among those that operators let serve: who is drained or stopped is nobody to keep, and keeps nobody out. */
export function fill(state: NodeState, service: ConfigService): void {
  const last = state.checks.pools.get(service.name) ?? NOBODY_CHOSEN
  const all = membersOf(state, service)
  const members = all
    .filter(([, { intent }]) => intent === 'serve')
    .map(([id, member]) => {
      const { flap, realserver } = member
      const { weight: configured, backup = false } = realserver
      const weight = saidWeight(member)
      return { id, health: healthOf(member), weight, configured, backup, held: isHeld(flap, state.now) }
    })
  const { quorum, hysteresis, check } = service
  const floor = { keepLast: check.keepLast, maxEjection: check.pacing.maxEjection, panic: check.pacing.panic }
  const pool = choose(members, last, { quorum, hysteresis, ...floor })
  state.checks.pools.set(service.name, pool)
  for (const [key, member] of all) {
    const takes = pool.serving.has(key) && (pool.propped.has(key) || !takesNone(member))
    if (!takes) {
      member.away ||= healthOf(member).healthy === false || member.intent !== 'serve' || takesNone(member)
      member.backSince = null
    } else if (member.away && !pool.kept.has(key)) {
      member.away = false
      member.backSince = state.now
    }
  }
}

/** Starts the checks that are due. */
export function checkIfDue(state: NodeState): void {
  const { checks } = state
  for (const { id, dueAt } of takeDue(checks.schedule, state.now)) {
    const [member] = checks.targets.get(id) ?? []
    if (member) ask(state, member, id, { dueAt })
  }
}

export interface Verdict {
  /** Who is served, or that everybody is known, changed. */
  readonly changed: boolean
  /** What to tell; null for a first result that is good news. */
  readonly event: {
    readonly group: string
    readonly service: string
    readonly kind: 'failed' | 'recovered'
    readonly reason: string
  } | null
}
const NOTHING: Verdict = { changed: false, event: null }

function wordOf(member: Member): string {
  const { weightSaid, agentSaid } = askedFor(member)
  return `${weightSaid} ${ofAgent(agentSaid).percent}`
}

/** What an agent says is so at once: there is nothing to damp in it. */
function judged(member: Member, result: CheckResult, { agent }: ProbeFound): Health {
  const { health, service } = member
  if (!agent) return judge(health, result, service.check)
  member.agentSaid = afterWord(member.agentSaid, agent)
  return judge(health, { ...result, ok: ofAgent(member.agentSaid).ok }, { fall: 1, rise: 1 })
}

/** Of everybody who asks that. */
export function checked(state: NodeState, id: string, result: CheckResult, found: ProbeFound = {}): Verdict[] {
  const members = state.checks.targets.get(id) ?? []
  finish(state.checks.schedule, id, state.now)
  const verdicts = members.flatMap((member) => verdictsOf(state, member, result, found))
  const paces = members.map(({ health, service: { check } }) => paceOf(health, { ...check.pacing, ...check }))
  if (paces.length > 0) setPace(state.checks.schedule, id, Math.min(...paces), state.now)
  return verdicts
}

function verdictsOf(state: NodeState, member: Member, result: CheckResult, found: ProbeFound): Verdict[] {
  return resettled(state, member, () => {
    member.last = { at: state.now, found, question: member.question }
    member.found = null
    if (result.ok) member.weightSaid = found.weight ?? null
    member.unknown = null
    member.health = judged(member, result, found)
  })
}

/** Something new is known of it, and by that of all that have its verdict. */
export function resettled(state: NodeState, member: Member, learn: () => void): Verdict[] {
  const all = [member, ...(state.checks.trackers.get(member) ?? [])].map((one) => ({
    ...{ one, before: healthOf(one).healthy, weighed: wordOf(one) },
  }))
  learn()
  return all.map((one) => settled(state, one))
}

interface Was {
  readonly one: Member
  readonly before: boolean | null
  readonly weighed: string
}
function settled(state: NodeState, { one: member, before, weighed }: Was): Verdict {
  const { healthy, reason: why } = healthOf(member)
  const { service, realserver } = member
  if (healthy === before) {
    if (wordOf(member) === weighed) return NOTHING
    fill(state, service)
    return { changed: true, event: null }
  }
  if (before === true) member.flap = fell(member.flap, state.now, service.check.pacing.flapHoldMs)
  if (member.flap.heldUntil !== null) state.checks.held.add(member.id)
  fill(state, service)
  // Nobody looks for it in a configuration that does not have it.
  if (member.leaves || (before === null && healthy)) return { changed: true, event: null }
  const key = destKey(realserver)
  const reason = `${realserver.node} (${key}) in service ${service.name}: ${why}${besides(state, member)}`
  return {
    changed: true,
    event: { group: service.group, service: service.name, kind: healthy ? 'recovered' : 'failed', reason },
  }
}

export const servingOf = ({ checks, view }: NodeState): ReadonlyMap<string, ReadonlySet<string>> =>
  new Map(view?.services.map(({ name }) => [name, checks.pools.get(name)?.serving ?? new Set<string>()]))

/** The first of these services that has realservers whose first check is still under way. */
export const uncheckedOf = (state: NodeState, services: readonly ConfigService[]): string | undefined =>
  services.find((service) =>
    placesOf(service).some(({ id }) => {
      const member = state.checks.members.get(id)
      return member !== undefined && isUnderWay(member)
    }),
  )?.name
