/**
 * Checks that go through IPVS to the VIP take turns: one destination of the kernel's entry for them takes connections at a time
 * (packages/plan, `through.ts`), so one realserver of a service is asked, then the next. The owner alone can ask so, for it has the VIP; everybody else asks the
 * realserver's own address, and so does the owner where its kernel does not do what the turn needs.
 */
import { after, between, earlier, type Instant, type Trouble } from '@lvsm/base'
import { checkMarkOf, type ConfigService, destKey, durationText, isMark } from '@lvsm/model'
import { isForChecks, isOfEntry, type Operation, throughService, throughSource } from '@lvsm/plan'
import { THROUGH_IPVS } from '@lvsm/protocol'
import { changeText } from '../changing.ts'
import { heldGroups } from '../lease.ts'
import { lookForTurn } from '../observe/look.ts'
import type { NodeEffect } from '../events.ts'
import type { NodeState } from '../state.ts'
import type { Member } from './member.ts'
import { probing } from './probing.ts'

type Check = Extract<NodeEffect, { kind: 'check' }>

interface Waiting {
  /** Of the check. */
  readonly id: string
  /** Of the realserver. */
  readonly member: string
  readonly since: Instant
  readonly explain: boolean
  /** Somebody waits for it for a while; it decides nothing. */
  readonly byHand: boolean
}
interface Turn extends Waiting {
  /** The kernel is asked for what it needs, has it, and the question is asked. */
  stage: 'wanted' | 'planned' | 'ready' | 'asked'
  /** Then somebody else's turn begins, whatever became of this one. */
  until: Instant
}
/** Of one service. */
export interface Turns {
  readonly waiting: Waiting[]
  now: Turn | null
  /** Of the last one's realserver, which takes connections of checks until the next one. */
  lastKey: string | null
  /** So many in a row waited no longer than their interval; where one holds the others up, it is itself in time. */
  timely: number
  /** The last one could not be asked so; null: it could. */
  missed: Missed | null
}
interface Missed {
  readonly at: Instant
  /** The kernel did not take what it needs; else it had not got to it in time, as behind a large plan. */
  readonly isRefused: boolean
}

/** For the kernel to have what a turn needs, from a look on. */
const READY_MS = 2000
/** Beyond its own time, for the process that asks. */
const GRACE_MS = 2000
/** Where the kernel did not do what a turn needs, one is tried again so much later: nobody else waits for it. */
const AGAIN_MS = 10_000

/** Why not, as the end of a sentence; null: its checks go through IPVS; undefined: nobody wants that. */
export function whyNotThrough(state: NodeState, member: Member): string | null | undefined {
  const { service } = member
  if (service.check.via !== 'vip') return undefined
  const why = whyNoTurn(state, member)
  const missed = missedBy(state, member)
  if (why !== null || missed === null) return why
  return missed.isRefused
    ? 'the kernel did not take what it needs the last time'
    : 'the kernel was too busy to get what it needs in time'
}
function whyNoTurn(state: NodeState, { service, realserver }: Member): string | null {
  const { view, kernel } = state
  if (!heldGroups(state).has(service.group)) return `this node does not own group ${service.group}`
  if (!kernel.observed?.addresses.some(({ address }) => address === service.address))
    return `${service.address} does not stand here yet`
  return view && throughSource(view, kernel.observed, service, realserver) !== null
    ? null
    : 'none of its own addresses is of the family of the VIP'
}
const missedBy = ({ checks }: NodeState, { service }: Member): Missed | null =>
  checks.turns.get(service.name)?.missed ?? null

/** Where it was missed, a turn now and then. */
function isPossible(state: NodeState, member: Member): boolean {
  if (member.service.check.via !== 'vip' || whyNoTurn(state, member) !== null) return false
  const missed = missedBy(state, member)
  return missed === null || between(missed.at, state.now) >= AGAIN_MS
}

/** Asks a realserver, now or when it is its turn. `explain`: somebody asks by hand. */
export function ask(state: NodeState, member: Member, id: string, more: Pick<Check, 'explain' | 'dueAt'>): void {
  const { explain } = more
  if (!isPossible(state, member)) return plainly(state, member, id, more)
  const { turns } = state.checks
  const { name } = member.service
  const own = turns.get(name) ?? { waiting: [], now: null, lastKey: null, timely: Infinity, missed: null }
  turns.set(name, own)
  if (own.now?.id === id || own.waiting.some((one) => one.id === id)) return
  const byHand = explain !== undefined
  const next: Waiting = { id, member: member.id, since: state.now, explain: explain === true, byHand }
  const at = byHand ? -1 : own.waiting.findIndex((one) => one.byHand)
  own.waiting.splice(at < 0 ? own.waiting.length : at, 0, next)
}

function plainly(state: NodeState, member: Member, id: string, more: Partial<Check>): void {
  const effect = probing(state, member, id)
  if (effect) state.effects.push({ ...effect, ...more })
}

/** The same question, to the VIP. Null: it cannot be asked so. */
function through(state: NodeState, member: Member, turn: Turn): Check | null {
  const effect = probing(state, member, turn.id)
  const { view, kernel } = state
  const { service, realserver } = member
  const source = view && kernel.observed ? throughSource(view, kernel.observed, service, realserver) : null
  if (!effect || source === null) return null
  return { ...effect, ...effect.virtual, source, ...(turn.explain ? { explain: true } : {}) }
}

/** Service → key of the destination of the kernel's entry that takes connections. */
export function turnsOf({ checks }: NodeState): ReadonlyMap<string, string> {
  return new Map(
    [...checks.turns].flatMap(([name, { lastKey }]) => (lastKey === null ? [] : [[name, lastKey] as const])),
  )
}

/** The entries of IPVS that are for checks alone. */
export const throughServices = (services: readonly ConfigService[]): ConfigService[] =>
  services.flatMap((service) => throughService(service) ?? [])

/** By the checks of a service: its own entry, and what all of them share. */
const isNeeded = (name: string, operation: Operation): boolean =>
  isOfEntry(operation)
    ? 'service' in operation && isMark(operation.service) && operation.service.fwmark === checkMarkOf(name)
    : isForChecks(operation) || operation.kind === 'nat-rules'

/** What is to be done is planned; where nothing is, all stands already. */
export function turnsPlanned({ checks, kernel }: NodeState): void {
  for (const [name, { now }] of checks.turns)
    if (now?.stage === 'wanted' || now?.stage === 'planned')
      now.stage = kernel.pending.some((operation) => isNeeded(name, operation)) ? 'planned' : 'ready'
}
/** What was planned was done. */
export function turnsApplied({ checks, kernel }: NodeState): void {
  for (const [name, { now }] of checks.turns)
    if (now?.stage === 'planned' && !kernel.failures.some(({ operation }) => isNeeded(name, operation)))
      now.stage = 'ready'
}
/** It was answered. Gives the reason with the way by which it was asked, where it failed: its own address may answer all the same. */
export function turnEnded(
  state: NodeState,
  { id, ok, reason }: { id: string; ok: boolean | null; reason: string },
): string {
  const found = [...state.checks.turns.values()].find(({ now }) => now?.id === id && now.stage === 'asked')
  if (!found?.now) return reason
  const service = state.checks.members.get(found.now.member)?.service
  found.now = null
  return ok === false && service ? `${reason}, ${THROUGH_IPVS} ${service.address}` : reason
}

export function stepTurns(state: NodeState): void {
  for (const [name, turns] of state.checks.turns) {
    stepNow(state, turns)
    while (turns.now === null) {
      const next = turns.waiting.shift()
      if (!next) break
      begin(state, turns, next)
    }
    if (turns.now === null && !isOwnersCheck(state, name)) state.checks.turns.delete(name)
  }
}
const isOwnersCheck = (state: NodeState, name: string): boolean =>
  state.view?.services.some(
    (one) => one.name === name && one.check.via === 'vip' && heldGroups(state).has(one.group),
  ) === true

function begin(state: NodeState, turns: Turns, next: Waiting): void {
  const member = state.checks.members.get(next.member)
  if (!member || (next.byHand && !isAwaited(state, next))) return
  if (!next.byHand)
    turns.timely = between(next.since, state.now) > member.service.check.intervalMs ? 0 : turns.timely + 1
  if (!isPossible(state, member)) return plainly(state, member, next.id, next.explain ? { explain: true } : {})
  turns.now = { ...next, stage: 'wanted', until: after(state.now, lookForTurn(state) + READY_MS) }
  turns.lastKey = destKey(member.realserver)
}

const isAwaited = ({ trials }: NodeState, { id }: Waiting): boolean =>
  [...trials.values()].some(({ entries }) => entries.has(id))

function stepNow(state: NodeState, turns: Turns): void {
  const { now } = turns
  if (!now) return
  const member = state.checks.members.get(now.member)
  const isOver = state.now >= now.until
  if (!member || (isOver && now.stage === 'asked')) turns.now = null
  else if (now.stage !== 'asked' && !isPossible(state, member)) fallBack(state, turns, now, member)
  else if (now.stage === 'ready') {
    const effect = through(state, member, now)
    if (!effect) return fallBack(state, turns, now, member)
    turns.missed = null
    now.stage = 'asked'
    now.until = after(state.now, effect.timeoutMs + GRACE_MS)
    state.effects.push(effect)
  } else if (isOver) {
    const { failures } = state.kernel
    const isRefused = failures.some(({ operation }) => isNeeded(member.service.name, operation))
    turns.missed = { at: state.now, isRefused }
    fallBack(state, turns, now, member)
  }
}
function fallBack(state: NodeState, turns: Turns, now: Turn, member: Member): void {
  turns.now = null
  plainly(state, member, now.id, now.explain ? { explain: true } : {})
}

export const nextTurn = ({ checks }: NodeState): Instant | null =>
  [...checks.turns.values()].reduce<Instant | null>(
    (one, { now }) => (now === null ? one : one === null ? now.until : earlier(one, now.until)),
    null,
  )

export function turnTroubles(state: NodeState): Trouble[] {
  const { checks, view } = state
  return [...checks.turns].flatMap(([name, { timely, missed }]): Trouble[] => {
    const service = view?.services.find((one) => one.name === name)
    if (!service) return []
    const { intervalMs } = service.check
    const object = `service ${name}`
    if (missed?.isRefused === false) return []
    if (missed !== null)
      return [
        {
          ...{ code: 'via-refused', severity: 'warning', object },
          message: `checks of service ${name} cannot go through IPVS to the VIP: the kernel does not take the entries that they need`,
          hint: 'mend what lvsm status says of the kernel beside this; until then realservers are asked at their own addresses',
        },
      ]
    if (timely >= service.realservers.length) return []
    return [
      {
        ...{ code: 'via-late', severity: 'warning', object },
        message: `checks of service ${name} through the VIP come late: its ${service.realservers.length} realservers take turns, which takes longer than the interval of ${durationText(intervalMs)}`,
        hint: `raise the interval, or shorten the timeout: ${changeText(state, `lvsm check set ${name} interval=…`, `interval, or timeout, of the check of ${name}`)}`,
      },
    ]
  })
}
