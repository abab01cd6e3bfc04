/** What is known of a realserver before its check has answered: what was known last, and how old that is. No verdict is made up. */
import { after, between, type Instant, spanText } from '@lvsm/base'
import { factOnServer, intentOnServer } from '@lvsm/changes'
import { type Health, NOTHING_SAID, rampedSince, servedBefore, STEADY, UNCHECKED } from '@lvsm/health'
import { type ConfigRealserver, type ConfigService, destKey, probeOf } from '@lvsm/model'
import type { Basis } from '@lvsm/protocol'
import type { Member } from './member.ts'
import { askedFor } from './sight.ts'
import type { NodeState } from '../state.ts'

export const memberId = (service: string, key: string): string => `${service} ${key}`
interface Place {
  /** Of its destination. */
  readonly key: string
  readonly id: string
}
const places = new WeakMap<ConfigService, readonly Place[]>()
/** Of its realservers, in their order. */
export function placesOf(service: ConfigService): readonly Place[] {
  const before = places.get(service)
  if (before) return before
  const found = service.realservers.map((entry) => {
    const key = destKey(entry)
    return { key, id: memberId(service.name, key) }
  })
  places.set(service, found)
  return found
}
export const isChecked = ({ check }: ConfigService): boolean => probeOf(check.type) !== null
/** It has no check of its own, and goes by that of another one. */
export const isTracking = ({ check }: ConfigService): boolean => check.track !== undefined
const notChecked = ({ check }: ConfigService): Health => ({
  healthy: true,
  against: 0,
  reason: `not checked: check type ${check.type}`,
})

/** As the configuration has it now, with what is known of it. Another check goes on from what the one before it found. */
export function memberOf(
  { facts, now, leaving }: NodeState,
  service: ConfigService,
  realserver: ConfigRealserver,
  known: Member | undefined,
): Member {
  const same =
    known && isChecked(known.service) === isChecked(service) && isTracking(known.service) === isTracking(service)
      ? known
      : null
  const fact = factOnServer(facts, service.name, realserver.node)
  const stopping =
    fact?.intent === 'stop' && fact.deadlineMs !== undefined
      ? { number: fact.number, deadlineMs: fact.deadlineMs }
      : null
  // A stop with a deadline begins anew, however long it was drained before.
  const id = memberId(service.name, destKey(realserver))
  const leaves = leaving.has(id)
  const intent = intentOnServer(facts, service.name, realserver.node)
  const isAnew = stopping !== null && stopping.number !== known?.stopping?.number
  return {
    id,
    leaves,
    service,
    realserver,
    intent: leaves && intent === 'serve' ? 'drain' : intent,
    tracked: null,
    health: isChecked(service) || isTracking(service) ? (same?.health ?? UNCHECKED) : notChecked(service),
    last: same?.last ?? null,
    unknown: same?.unknown ?? null,
    question: '',
    found: same?.found ?? null,
    weightSaid: same?.service.check.type === service.check.type ? same.weightSaid : null,
    agentSaid: same?.agentSaid ?? NOTHING_SAID,
    sight: service.check.ownView ? (known?.sight ?? null) : null,
    unseenSince: service.check.ownView ? (known?.service.check.ownView ? known.unseenSince : now) : null,
    flap: same?.flap ?? STEADY,
    away: (same?.away ?? false) || (known?.realserver.weight === 0 && realserver.weight > 0),
    backSince: same?.backSince ?? null,
    stopping,
    silentSince: known?.silentSince ?? null,
    waning: known?.waning ?? [],
    drainingSince: isAnew ? null : (known?.drainingSince ?? null),
    left: known?.left ?? false,
    gone: isAnew ? false : (known?.gone ?? false),
  }
}

/** One of which no check said anything, with what the kernel's table says: who is served stays so, nobody else is. */
export function find({ now }: NodeState, member: Member, served: boolean, at: Instant | null): void {
  member.found = served ? { at } : null
  if (served) member.away = false
  member.health = servedBefore(served, at === null ? null : between(at, now))
}
/** Finer than any weight of the kernel, so that the same weight comes of it again. */
const PARTS = 1000

/**
 * The weight that the table has where that is not the configuration's: what its program or agent said last, or how far it had grown. Until its
 * next answer it keeps that: at a restart of the agent nobody is to have all connections at once.
 */
export function findWeight({ now }: NodeState, member: Member, weight: number, at: Instant | null): void {
  const { service, realserver } = member
  const { type, keys, pacing } = service.check
  if (weight <= 0 || realserver.weight <= 0 || weight === realserver.weight) return
  if (type === 'agent') {
    const percent = Math.floor((weight * 100 * PARTS) / realserver.weight) / PARTS
    member.agentSaid = { ...NOTHING_SAID, percent }
  } else if (keys['dynamic-weight'] === true) member.weightSaid = weight
  else {
    const sinceMs = rampedSince(realserver.weight, weight, pacing.slowStartMs)
    member.backSince = sinceMs === null ? null : after(at ?? now, -sinceMs)
  }
}

/** When that was known last: another agent of this node made it so. Null: nobody knows. */
export const foundAt = ({ checks, awayMs, startedAt, now }: NodeState): Instant | null =>
  checks.begun ? now : awayMs === null ? null : after(startedAt, -awayMs)

/** What its verdict is made of. */
export function basisOf(member: Member): Basis | 'answers' {
  const { service, last, question, found } = askedFor(member)
  if (!isChecked(service)) return isTracking(service) ? 'nothing' : 'no-check'
  if (last) return last.question === question ? 'answers' : 'earlier-check'
  return found === null ? 'nothing' : 'table'
}

/**
 * A prober that hangs is ended after ten seconds and starts within ten more: a verdict outlives that, and five checks that told nothing. One
 * of them, or two, says little: whatever makes a check may end at any time. Milliseconds.
 */
const OUTLIVES = { ms: 30_000, checks: 5 } as const
/** The kernel is changed for each turn of a check through IPVS. Milliseconds. */
const TURN_MS = 2000
/** So fine it is told: each change of it is news for everybody. Milliseconds. */
const TOLD_EVERY = { firstMs: 10_000, untilMs: 120_000, thenMs: 60_000 } as const

/** For how long its check has told nothing, where its verdict is too old for that; null: it is not. */
export function unansweredMs({ now }: NodeState, member: Member): number | null {
  const { last, health, service, question } = askedFor(member)
  const { check, realservers } = service
  if (last === null || question === '') return null
  const everyMs = Math.max(check.intervalMs, health.healthy === false ? check.pacing.downIntervalMs : 0)
  // Through the VIP its realservers take turns.
  const turnsMs = check.via === 'vip' ? realservers.length * (check.timeoutMs + TURN_MS) : 0
  const ageMs = between(last.at, now)
  if (ageMs <= Math.max(OUTLIVES.ms, OUTLIVES.checks * (everyMs + check.timeoutMs), turnsMs)) return null
  const stepMs = ageMs < TOLD_EVERY.untilMs ? TOLD_EVERY.firstMs : TOLD_EVERY.thenMs
  return Math.floor(ageMs / stepMs) * stepMs
}

/** Goes on from the reason of its last result; empty where that is an answer of now. */
export function initially(state: NodeState, member: Member): string {
  switch (basisOf(member)) {
    case 'no-check':
      return ''
    case 'nothing':
      return '; out until it answers'
    case 'table':
      return askedFor(member).health.isOld === true
        ? '; serves as it did more than 5 minutes ago, until its first answer'
        : '; serves as it did before, until its check says otherwise'
    case 'earlier-check':
      return '; found by the check as it was before'
    case 'answers': {
      const silentMs = unansweredMs(state, member)
      return silentMs === null ? '' : `; its check has told nothing for ${spanText(silentMs)}`
    }
  }
}
