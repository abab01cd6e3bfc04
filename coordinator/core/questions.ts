/**
 * Questions on their way: to this node's Raft where it leads, to the leader where another one does, and back. One value; functions
 * change it.
 */
import { after, earlier, type Instant, type Refusal } from '@lvsm/base'
import type { NodeId } from '@lvsm/raft'
import type { Answer, Ask } from '../ports.ts'
import type { Applied, Limits, Reply, Wish } from './events.ts'

type Stage =
  /** Nothing of it is under way; whoever leads is asked, from then on. */
  | { readonly kind: 'waiting'; readonly from: Instant }
  /** With this node's Raft. */
  | { readonly kind: 'raft' }
  | { readonly kind: 'peer'; readonly to: NodeId; readonly ask: string }
  /** Committed, or current, as of this index, which this node's disk does not have yet. */
  | { readonly kind: 'applying'; readonly index: number }

export interface Question {
  readonly id: string
  readonly wish: Wish
  until: Instant
  stage: Stage
}

/** More are refused: whoever asks has gone mad, or nothing is answered. */
const MOST = 1000
/** What entries came to that somebody may have asked for, of so many of the last: each has a whole difference in it. */
const RESULTS = 1000

export class Desk<Result> {
  readonly limits: Limits
  readonly questions = new Map<string, Question>()
  /** Of other coordinators, by the id under which Raft knows them. */
  readonly asks = new Map<string, Ask>()
  #asked = 0
  readonly #results = new Map<number, Result>()
  readonly #reply: (id: string, reply: Reply<Result>) => void

  constructor(limits: Limits, reply: (id: string, reply: Reply<Result>) => void) {
    this.limits = limits
    this.#reply = reply
  }

  open(id: string, wish: Wish, now: Instant): void {
    if (this.questions.size >= MOST) return this.refuse(id, BUSY)
    const until = after(now, this.limits.patienceMs)
    this.questions.set(id, { id, wish, until, stage: { kind: 'waiting', from: now } })
  }
  /** One that is not open. */
  refuse(id: string, refusal: Refusal): void {
    this.#reply(id, { kind: 'refused', refusal })
  }
  mayAsk(): boolean {
    return this.asks.size < MOST
  }

  /** Of which somebody waits for one. */
  keep(applied: readonly Applied<Result>[]): void {
    if (!this.#isAwaited()) return
    for (const { index, result } of applied) this.#results.set(index, result)
    for (const index of this.#results.keys()) {
      if (this.#results.size <= RESULTS) return
      this.#results.delete(index)
    }
  }

  close(id: string, reply: Reply<Result>): void {
    if (!this.questions.delete(id)) return
    if (!this.#isAwaited()) this.#results.clear()
    this.#reply(id, reply)
  }

  /** For observers. */
  get keptResults(): number {
    return this.#results.size
  }
  /** A write is under way: its entry may be applied before it is known which one it is. */
  #isAwaited(): boolean {
    return [...this.questions.values()].some(({ wish, stage }) => wish.kind !== 'read' && stage.kind !== 'waiting')
  }

  /** Nothing of it was done: either that passes, or it does not. */
  refused(question: Question, refusal: Refusal, now: Instant): void {
    if (PASSING.has(refusal.code)) question.stage = { kind: 'waiting', from: after(now, this.limits.againMs) }
    else this.close(question.id, { kind: 'refused', refusal })
  }

  /** Answers all that this node's disk has. */
  applied(lastApplied: number): void {
    for (const { id, wish, stage } of this.questions.values()) {
      if (stage.kind !== 'applying' || stage.index > lastApplied) continue
      const result = wish.kind === 'read' ? null : (this.#results.get(stage.index) ?? null)
      this.close(id, { kind: 'done', index: stage.index, result })
    }
  }

  expire(now: Instant): void {
    for (const question of this.questions.values()) if (now >= question.until) this.giveUp(question, NOBODY_LEADS)
  }

  /** A write that is under way may be done yet. */
  giveUp({ id, wish, stage }: Question, refusal: Refusal): void {
    const isNothing = stage.kind === 'waiting' || wish.kind === 'read'
    this.close(id, isNothing ? { kind: 'refused', refusal } : { kind: 'unknown' })
  }

  /** What was asked of one that leads no more: a read may be asked anew, the answer to a write comes soon, or never. */
  led(leader: NodeId | null, now: Instant): void {
    for (const question of this.questions.values()) {
      const { stage, wish } = question
      if (stage.kind !== 'peer' || stage.to === leader) continue
      if (wish.kind === 'read') question.stage = { kind: 'waiting', from: now }
      else question.until = earlier(question.until, after(now, this.limits.lostMs))
    }
  }

  /** Each asking has an id of its own: a late answer to an earlier one says nothing of it. */
  sent(question: Question, to: NodeId): string {
    const ask = `${question.id} ${++this.#asked}`
    question.stage = { kind: 'peer', to, ask }
    return ask
  }

  /** What the leader said. An answer to what was not asked of it is none. */
  heard({ from, id: ask, outcome }: Answer, now: Instant): void {
    const isAsked = ({ stage }: Question): boolean => stage.kind === 'peer' && stage.to === from && stage.ask === ask
    const question = [...this.questions.values()].find(isAsked)
    if (!question) return
    const { id } = question
    if (outcome.kind === 'index') question.stage = { kind: 'applying', index: outcome.index }
    else if (outcome.kind === 'refused') this.refused(question, outcome.refusal, now)
    else this.close(id, { kind: 'unknown' })
  }

  /** When something of this is due next. */
  due(): Instant {
    let due = Number.POSITIVE_INFINITY as Instant
    for (const { stage, until } of this.questions.values()) {
      if (until < due) due = until
      if (stage.kind === 'waiting' && stage.from < due) due = stage.from
    }
    return due
  }
}

/** Refusals of a node that does not lead, or not now. */
const PASSING: ReadonlySet<string> = new Set(['not-leader', 'transferring'])

const BUSY: Refusal = {
  code: 'busy',
  message: `${MOST} questions wait for their answers already`,
  hint: 'see whether a majority of the coordinators is reached (lvsm status), and try again',
}
const NOBODY_LEADS: Refusal = {
  code: 'no-leader',
  message: 'the coordinators have no leader: no majority of them reach each other',
  hint: 'nothing was changed, and the cluster goes on with what it has; start the coordinators that are down, and try again',
}
export const EXPELLED: Refusal = {
  code: 'expelled',
  message: 'this coordinator takes part no more',
  hint: 'ask another one; let this one join the cluster anew',
}
