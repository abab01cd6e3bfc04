/** Questions that a coordinator is asked, and the growth of its voters; whole lives are in test/raft. */
import { instant, seededRandom } from '@lvsm/base'
import { createRaft, DEFAULTS, foundedBy, JOINING, type Raft } from '@lvsm/raft'
import { describe, expect, it } from 'vitest'
import type { PeerMessage } from '../ports.ts'
import { type Core, createCore } from './core.ts'
import { type Effect, type Input, LIMITS, type Reply } from './events.ts'

/** One coordinator whose disk is quick, at a time of its own. */
class One {
  now = 0
  readonly raft: Raft
  readonly core: Core<string>
  readonly sent: PeerMessage[] = []
  readonly replies = new Map<string, Reply<string>>()
  alarms: { now: number; at: number }[] = []
  quick = true

  constructor(id: number, founded: boolean) {
    const stored = founded ? foundedBy('s', '') : JOINING
    const random = seededRandom(1)
    const startedAt = instant(0)
    this.raft = createRaft({ id, store: 's', stored, settings: DEFAULTS, random, startedAt })
    this.core = createCore({
      raft: this.raft,
      limits: LIMITS,
      startedAt,
      refuse: ({ payload }) => (payload === 'poison' ? POISON : null),
      withhold: ({ payload }) => (payload === 'early' ? EARLY : null),
    })
    this.feed({ kind: 'wake' })
  }
  feed(input: Input<string>): void {
    for (const effect of this.core.step(input, instant(this.now))) this.#carryOut(effect)
  }
  #carryOut(effect: Effect<string>): void {
    if (effect.kind === 'send') this.sent.push(effect.message)
    if (effect.kind === 'wake') this.alarms.push({ now: this.now, at: effect.at })
    if (effect.kind === 'reply') {
      expect(this.replies.has(effect.id), 'one answer').toBe(false)
      this.replies.set(effect.id, effect.reply)
    }
    if (effect.kind === 'persist' && this.quick) {
      const applied = effect.apply.map(({ index }) => ({ index, result: `result ${index}` }))
      this.feed({ kind: 'persisted', write: effect.write, applied })
    }
  }
  ask(id: string, payload: string | null): void {
    this.feed({ kind: 'ask', id, wish: payload === null ? { kind: 'read' } : { kind: 'write', payload } })
  }
  pass(ms: number): void {
    for (const until = this.now + ms; this.now < until; ) {
      this.now += 10
      this.feed({ kind: 'wake' })
    }
  }
  /** As a heartbeat of node 9 does. */
  followed(): this {
    this.feed({
      kind: 'message',
      message: { kind: 'heartbeat', from: 9, to: 5, store: 'n', term: 3, leaderCommit: 0, round: 1 },
    })
    return this
  }
  get asks() {
    return this.sent.filter((message) => message.kind === 'ask')
  }
  answer(outcome: Extract<PeerMessage, { kind: 'answer' }>['outcome'], from = 9, at = -1): void {
    const ask = this.asks.at(at)
    this.feed({ kind: 'message', message: { kind: 'answer', from, to: 5, id: ask?.id ?? '', outcome } })
  }
}
const leading = (): One => {
  const one = new One(1, true)
  one.pass(100)
  expect(one.raft.state.role).toBe('leader')
  return one
}
const following = (): One => new One(5, false).followed()
const EARLY = { code: 'voters-unsettled', message: 'not yet' }
const POISON = { code: 'not-understood', message: 'no' }
const NOT_LEADER = { code: 'not-leader', message: 'no' }

describe('a leader', () => {
  it('answers a write with what it came to, and a read', () => {
    const one = leading()
    one.ask('w', 'change')
    one.ask('r', null)
    const { lastApplied: index } = one.raft.state
    expect(one.replies.get('w')).toEqual({ kind: 'done', index, result: `result ${index}` })
    expect(one.replies.get('r')).toEqual({ kind: 'done', index, result: null })
  })
  it('says nothing of a write before its disk has it; when the disk stands still it is unknown', () => {
    const one = leading()
    one.quick = false
    one.ask('w', 'change')
    one.pass(DEFAULTS.stallMs - 100)
    expect(one.replies.has('w')).toBe(false)
    // It hands over by then, and at the latest its patience ends.
    one.pass(LIMITS.patienceMs)
    expect(one.replies.get('w')).toEqual({ kind: 'unknown' })
  })
  it('refuses what is too large at once', () => {
    const one = leading()
    one.ask('w', 'x'.repeat(DEFAULTS.entrySize + 1))
    expect(one.replies.get('w')).toMatchObject({ kind: 'refused', refusal: { code: 'too-large' } })
  })
  it('answers another coordinator; the same asking twice is one', () => {
    const one = leading()
    one.quick = false
    const ask = { kind: 'ask', from: 2, to: 1, id: 'a 1', payload: 'change' } as const
    one.feed({ kind: 'message', message: ask })
    const { entries } = one.raft.state.log
    const { length } = entries
    one.feed({ kind: 'message', message: ask })
    expect(entries).toHaveLength(length)
    expect(one.sent).toEqual([])
  })
  it('does nothing about what another one is asked, nor about more than it can answer', () => {
    const one = leading()
    one.quick = false
    const { length } = one.raft.state.log.entries
    const ask = (at: number, to: number): void =>
      one.feed({ kind: 'message', message: { kind: 'ask', from: 2, to, id: `a ${at}`, payload: 'change' } })
    ask(0, 3)
    expect(one.raft.state.log.entries).toHaveLength(length)
    for (let at = 1; at <= 1100; at++) ask(at, 1)
    expect(one.raft.state.log.entries).toHaveLength(length + 1000)
  })
  it('lets nothing into the log that it could not apply, whoever asks', () => {
    const one = leading()
    const { length } = one.raft.state.log.entries
    one.ask('w', 'poison')
    one.feed({ kind: 'message', message: { kind: 'ask', from: 2, to: 1, id: 'a 1', payload: 'poison' } })
    expect(one.replies.get('w')).toEqual({ kind: 'refused', refusal: POISON })
    expect(one.sent).toMatchObject([{ kind: 'answer', to: 2, id: 'a 1', outcome: { refusal: POISON } }])
    const change = { op: 'add', store: 'new' } as const
    one.feed({ kind: 'message', message: { kind: 'ask', from: 2, to: 1, id: 'a 2', payload: 'poison', change } })
    expect(one.sent.at(-1)).toMatchObject({ kind: 'answer', id: 'a 2', outcome: { refusal: POISON } })
    expect(one.raft.state.log.entries).toHaveLength(length)
  })
  it('proposes nothing that must wait, whoever asks; who does not lead lets the leader say so', () => {
    const one = leading()
    const { length } = one.raft.state.log.entries
    one.ask('w', 'early')
    one.feed({ kind: 'message', message: { kind: 'ask', from: 2, to: 1, id: 'a 1', payload: 'early' } })
    expect(one.replies.get('w')).toEqual({ kind: 'refused', refusal: EARLY })
    expect(one.sent).toMatchObject([{ kind: 'answer', to: 2, id: 'a 1', outcome: { refusal: EARLY } }])
    expect(one.raft.state.log.entries).toHaveLength(length)
    const other = following()
    other.ask('w', 'early')
    expect(other.asks).toMatchObject([{ to: 9, payload: 'early' }])
  })
  it('changes the members for a follower that asks, with the id of a new one in the answer', () => {
    const one = leading()
    const change = { op: 'add', store: 'new' } as const
    one.feed({ kind: 'message', message: { kind: 'ask', from: 2, to: 1, id: 'a 1', payload: '', change } })
    const { lastApplied: index } = one.raft.state
    const answers = one.sent.filter(({ kind }) => kind === 'answer')
    expect(answers).toMatchObject([{ to: 2, outcome: { kind: 'index', index } }])
    expect(one.core.status(instant(one.now)).membership.members.at(-1)).toMatchObject({ id: index, store: 'new' })
  })
  it('adds a member, whose id is the index of its entry', () => {
    const one = leading()
    one.feed({ kind: 'ask', id: 'c', wish: { kind: 'change', change: { op: 'add', store: 'new' }, payload: '' } })
    const { lastApplied: index } = one.raft.state
    expect(one.replies.get('c')).toMatchObject({ kind: 'done', index })
    expect(one.core.status(instant(one.now)).membership.members.at(-1)).toEqual({
      id: index,
      store: 'new',
      role: 'learner',
    })
  })
})

describe('a follower', () => {
  it('asks the leader, and answers when its own disk has it', () => {
    const one = following()
    one.ask('w', 'change')
    expect(one.asks).toMatchObject([{ to: 9, payload: 'change' }])
    one.answer({ kind: 'index', index: 4 })
    expect(one.replies.size).toBe(0)
    // The entry before it is not enough.
    Object.assign(one.raft.state, { lastApplied: 3 })
    one.pass(10)
    expect(one.replies.size).toBe(0)
    one.feed({ kind: 'persisted', write: 0, applied: [{ index: 4, result: 'four' }] })
    Object.assign(one.raft.state, { lastApplied: 4 })
    one.pass(10)
    expect(one.replies.get('w')).toEqual({ kind: 'done', index: 4, result: 'four' })
  })
  it('asks again when the other does not lead; an answer to the first asking does not count then', () => {
    const one = following()
    one.ask('w', 'change')
    one.answer({ kind: 'refused', refusal: NOT_LEADER })
    one.pass(LIMITS.againMs)
    one.followed()
    one.pass(10)
    expect(one.asks).toHaveLength(2)
    one.answer({ kind: 'refused', refusal: { code: 'too-large', message: 'no' } }, 9, 0)
    one.answer({ kind: 'refused', refusal: { code: 'too-large', message: 'no' } }, 8)
    expect(one.replies.size).toBe(0)
    one.answer({ kind: 'refused', refusal: { code: 'too-large', message: 'no' } })
    expect(one.replies.get('w')).toMatchObject({ kind: 'refused', refusal: { code: 'too-large' } })
  })
  it('asks again when the other is about to hand over', () => {
    const one = following()
    one.ask('w', 'change')
    one.answer({ kind: 'refused', refusal: { code: 'transferring', message: 'not now' } })
    one.pass(LIMITS.againMs)
    one.followed().pass(10)
    expect(one.asks).toHaveLength(2)
    expect(one.replies.size).toBe(0)
  })
  it('remembers what the last entries came to, and not what all did', () => {
    const one = following()
    for (const id of ['old', 'new']) one.ask(id, 'change')
    // Applied here before the leader's answers come.
    const applied = Array.from({ length: 2000 }, (_, at) => ({ index: at + 1, result: `result ${at + 1}` }))
    one.feed({ kind: 'persisted', write: 0, applied })
    Object.assign(one.raft.state, { lastApplied: 2000 })
    for (const [at, index] of [5, 1990].entries()) {
      one.answer({ kind: 'index', index }, 9, at)
      one.pass(10)
    }
    expect(one.replies.get('old')).toEqual({ kind: 'done', index: 5, result: null })
    expect(one.replies.get('new')).toEqual({ kind: 'done', index: 1990, result: 'result 1990' })
  })
  it('that loses its leader asks a read anew, and calls a write unknown', () => {
    const one = following()
    one.ask('w', 'change')
    one.ask('r', null)
    one.pass(2 * DEFAULTS.electionMs + 20)
    expect(one.raft.state.leader).toBeNull()
    one.pass(LIMITS.lostMs)
    expect(one.replies.get('w')).toEqual({ kind: 'unknown' })
    expect(one.replies.has('r')).toBe(false)
    one.followed()
    one.pass(LIMITS.againMs)
    expect(one.asks.filter(({ payload }) => payload === null)).toHaveLength(2)
  })
  it('without a leader refuses after its patience: nothing was done', () => {
    const one = new One(5, false)
    one.ask('w', 'change')
    one.pass(LIMITS.patienceMs)
    expect(one.replies.get('w')).toMatchObject({ kind: 'refused', refusal: { code: 'no-leader' } })
  })
  it('asks the leader for a change of members too, and again where that leads no more', () => {
    const one = following()
    const change = { op: 'remove', node: 9 } as const
    one.feed({ kind: 'ask', id: 'c', wish: { kind: 'change', change, payload: '' } })
    expect(one.asks).toMatchObject([{ to: 9, payload: '', change }])
    one.answer({ kind: 'refused', refusal: NOT_LEADER })
    one.followed().pass(LIMITS.againMs)
    expect(one.asks).toHaveLength(2)
    one.answer({ kind: 'refused', refusal: { code: 'unknown-node', message: 'no' } })
    expect(one.replies.get('c')).toMatchObject({ kind: 'refused', refusal: { code: 'unknown-node' } })
  })
  it('that is expelled refuses what is not under way, and does not know of what is', () => {
    const one = following()
    one.ask('w', 'change')
    one.feed({
      kind: 'message',
      message: { kind: 'refused', from: 9, to: 5, store: 'n', term: 3, reason: 'removed', about: 's' },
    })
    one.ask('r', null)
    expect(one.replies.get('w')).toEqual({ kind: 'unknown' })
    expect(one.replies.get('r')).toMatchObject({ kind: 'refused', refusal: { code: 'expelled' } })
  })
  it('that is asked too much at once says so', () => {
    const one = new One(5, false)
    for (let at = 0; at <= 1000; at++) one.ask(`r${at}`, null)
    expect(one.replies.get('r1000')).toMatchObject({ kind: 'refused', refusal: { code: 'busy' } })
  })
})

it('sets its alarm for what comes, and not anew for what is set already', () => {
  const one = leading()
  one.quick = false
  one.alarms = []
  one.pass(3000)
  expect(one.alarms.every(({ now, at }) => at > now)).toBe(true)
  one.alarms = []
  for (let at = 0; at < 5; at++) one.feed({ kind: 'snapshot-sent', to: 7, ok: true })
  expect(one.alarms).toEqual([])
  one.ask('w', 'change')
  expect(one.alarms.length).toBeLessThan(2)
})
