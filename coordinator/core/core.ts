/**
 * A coordinator as a pure state machine: Raft, and the questions of whoever asks this one, whether it leads or not.
 * `step(input, now) → effects`.
 *
 * Laws: each question has exactly one answer, in time; a write is proposed a second time only when it is certain that nothing of
 * the first was done; `done` comes when this node's disk has it, so that who asks here next sees it.
 */
import { after, earlier, instant, type Instant, later, NEVER_BEFORE, type Refusal } from '@lvsm/base'
import {
  type Effect as RaftEffect,
  type Input as RaftInput,
  type Outcome,
  type Raft,
  type RaftStatus,
  type ReadResult,
} from '@lvsm/raft'
import type { Answer, Ask } from '../ports.ts'
import type { Effect, Input, Limits, Wish } from './events.ts'
import { nextVoter } from './growth.ts'
import { Desk, EXPELLED, type Question } from './questions.ts'

export interface CoreOptions {
  readonly raft: Raft
  readonly limits: Limits
  readonly startedAt: Instant
  /** Why this must not get into the log: what one coordinator cannot apply would stop them all. */
  readonly refuse: (wish: Exclude<Wish, { kind: 'read' }>) => Refusal | null
  /** Why whoever leads must not propose it now; asked right before it would. */
  readonly withhold: (wish: Exclude<Wish, { kind: 'read' }>) => Refusal | null
  /** Whether that one is to vote before others. */
  readonly isFirst?: (id: number) => boolean
}
export interface Core<Result> {
  step(input: Input<Result>, now: Instant): readonly Effect<Result>[]
  status(now: Instant): RaftStatus
}

interface Parts<Result> extends Required<Omit<CoreOptions, 'startedAt'>> {
  readonly desk: Desk<Result>
  now: Instant
  effects: Effect<Result>[]
  /** When Raft wants to be woken. */
  raftAt: Instant
  /** When the alarm rings. */
  alarmAt: Instant
  /** When it is looked again whether a learner is to become a voter. */
  growAt: Instant
}

/** No time at all. */
const NEVER = instant(Number.POSITIVE_INFINITY)
const GROWTH = 'growth'

export function createCore<Result>({ startedAt, ...given }: CoreOptions): Core<Result> {
  const { raft, limits } = given
  const parts: Parts<Result> = {
    isFirst: () => false,
    ...given,
    desk: new Desk(limits, (id, reply) => void parts.effects.push({ kind: 'reply', id, reply })),
    now: startedAt,
    effects: [],
    raftAt: NEVER,
    alarmAt: NEVER_BEFORE,
    growAt: startedAt,
  }
  return {
    step(input, now) {
      parts.now = later(parts.now, now)
      parts.effects = []
      take(parts, input)
      settle(parts)
      setAlarm(parts, input.kind === 'wake')
      return parts.effects
    },
    status: (now) => raft.status(now),
  }
}

function take<Result>(parts: Parts<Result>, input: Input<Result>): void {
  const { desk, now } = parts
  switch (input.kind) {
    case 'ask': {
      const refusal = refuse(parts, input.wish)
      return refusal ? desk.refuse(input.id, refusal) : desk.open(input.id, input.wish, now)
    }
    case 'message': {
      const { message } = input
      if (message.kind === 'ask') return onAsk(parts, message)
      if (message.kind === 'answer') return desk.heard(message, now)
      return stepRaft(parts, { kind: 'message', message })
    }
    case 'wake':
      // Raft says anew what it waits for.
      parts.raftAt = NEVER
      return stepRaft(parts, input)
    case 'persisted':
      desk.keep(input.applied)
      return stepRaft(parts, { kind: 'persisted', write: input.write })
    default:
      return stepRaft(parts, input)
  }
}

/** Under names that no other kind of question has. */
const localId = (id: string): string => `here ${id}`
const askId = ({ from, id }: Ask): string => `from ${from} ${id}`

function onAsk<Result>(parts: Parts<Result>, ask: Ask): void {
  const { desk, raft } = parts
  const id = askId(ask)
  // A leader that gets more than it can answer lets its askers wait for their time-out.
  if (ask.to !== raft.state.id || desk.asks.has(id) || !desk.mayAsk()) return
  desk.asks.set(id, ask)
  const wish = wishOf(ask)
  const refusal = refuse(parts, wish) ?? withhold(parts, wish)
  if (refusal) onOutcome(parts, id, { kind: 'refused', refusal, leader: null })
  else stepRaft(parts, inputOf(id, wish))
}

const refuse = <Result>(parts: Parts<Result>, wish: Wish): Refusal | null =>
  wish.kind === 'read' ? null : parts.refuse(wish)

const withhold = <Result>(parts: Parts<Result>, wish: Wish): Refusal | null =>
  wish.kind === 'read' || parts.raft.state.role !== 'leader' ? null : parts.withhold(wish)

function wishOf({ payload, change }: Ask): Wish {
  if (change) return { kind: 'change', change, payload: payload ?? '' }
  return payload === null ? { kind: 'read' } : { kind: 'write', payload }
}

function stepRaft<Result>(parts: Parts<Result>, input: RaftInput): void {
  for (const effect of parts.raft.step(input, parts.now)) onEffect(parts, effect)
}

function onEffect<Result>(parts: Parts<Result>, effect: RaftEffect): void {
  switch (effect.kind) {
    case 'outcome':
      return onOutcome(parts, effect.id, effect.outcome)
    case 'read':
      return onOutcome(parts, effect.id, effect.result)
    case 'wake':
      parts.raftAt = effect.at
      return
    case 'send': {
      const { message } = effect
      // Snapshots go as `send-snapshot`.
      if (message.kind !== 'install-snapshot') parts.effects.push({ kind: 'send', message })
      return
    }
    case 'expelled':
      for (const question of parts.desk.questions.values()) parts.desk.giveUp(question, EXPELLED)
      parts.effects.push(effect)
      return
    default:
      parts.effects.push(effect)
  }
}

function onOutcome<Result>(parts: Parts<Result>, id: string, outcome: Outcome | ReadResult): void {
  const { desk, now } = parts
  const ask = desk.asks.get(id)
  if (ask) {
    desk.asks.delete(id)
    parts.effects.push({ kind: 'send', message: answerTo(ask, outcome) })
    return
  }
  const question = id.startsWith(localId('')) ? desk.questions.get(id.slice(localId('').length)) : undefined
  if (question?.stage.kind !== 'raft') return
  if (outcome.kind === 'refused') desk.refused(question, outcome.refusal, now)
  else if (outcome.kind === 'unknown') desk.close(question.id, { kind: 'unknown' })
  else question.stage = { kind: 'applying', index: outcome.index }
}

function answerTo({ from: to, to: from, id }: Ask, outcome: Outcome | ReadResult): Answer {
  const head = { kind: 'answer', from, to, id } as const
  switch (outcome.kind) {
    case 'committed':
    case 'ready':
      return { ...head, outcome: { kind: 'index', index: outcome.index } }
    case 'refused':
      return { ...head, outcome: { kind: 'refused', refusal: outcome.refusal } }
    case 'unknown':
      return { ...head, outcome: { kind: 'unknown' } }
  }
}

/** What follows from the new state, whatever changed it. */
function settle<Result>(parts: Parts<Result>): void {
  const { desk, raft, now } = parts
  desk.led(raft.state.leader, now)
  for (const question of desk.questions.values())
    if (question.stage.kind === 'waiting' && question.stage.from <= now) pass(parts, question)
  grow(parts)
  desk.applied(raft.state.lastApplied)
  desk.expire(now)
}

/** To whoever leads; where nobody does, it waits. */
function pass<Result>(parts: Parts<Result>, question: Question): void {
  const { raft, desk, limits, now } = parts
  const { id: from, leader, role } = raft.state
  const { id, wish } = question
  if (raft.state.expelled) return desk.close(id, { kind: 'refused', refusal: EXPELLED })
  if (role === 'leader') {
    const refusal = withhold(parts, wish)
    if (refusal) return desk.close(id, { kind: 'refused', refusal })
    // First: the answer may come at once.
    question.stage = { kind: 'raft' }
    return stepRaft(parts, inputOf(localId(id), wish))
  }
  if (leader === null || leader === from) {
    question.stage = { kind: 'waiting', from: after(now, limits.againMs) }
    return
  }
  const payload = wish.kind === 'read' ? null : wish.payload
  const change = wish.kind === 'change' ? { change: wish.change } : {}
  const ask = desk.sent(question, leader)
  parts.effects.push({ kind: 'send', message: { kind: 'ask', from, to: leader, id: ask, payload, ...change } })
}

function inputOf(id: string, wish: Wish): RaftInput {
  switch (wish.kind) {
    case 'write':
      return { kind: 'propose', id, payload: wish.payload }
    case 'read':
      return { kind: 'read', id }
    case 'change':
      return { kind: 'change', id, change: wish.change, payload: wish.payload }
  }
}

/** Raft refuses what is not possible now; it is looked at again. */
function grow<Result>(parts: Parts<Result>): void {
  const { raft, limits, now } = parts
  if (now < parts.growAt || raft.state.role !== 'leader') return
  parts.growAt = after(now, limits.growMs)
  const node = nextVoter(raft.status(now), limits.voters, parts.isFirst)
  if (node !== null) stepRaft(parts, { kind: 'change', id: GROWTH, change: { op: 'promote', node }, payload: '' })
}

function setAlarm<Result>(parts: Parts<Result>, rang: boolean): void {
  if (rang) parts.alarmAt = NEVER_BEFORE
  const at = earlier(parts.raftAt, parts.desk.due())
  if (at === parts.alarmAt || !Number.isFinite(at)) return
  parts.alarmAt = at
  parts.effects.push({ kind: 'wake', at })
}
