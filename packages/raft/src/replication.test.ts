import { instant } from '@lvsm/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Bench, commands, holding, voters } from './fixture.ts'
import type { Message } from './messages.ts'
import { reachedBy } from './quorum.ts'

const carriesTerm = (term: number) => (message: Message) =>
  message.kind === 'append-entries' && message.entries.some((entry) => entry.term === term)

test('row 1: Figure 7: six followers that diverge get the log of the leader', () => {
  const logs = [
    [1, 1, 1, 4, 4, 5, 5, 6, 6, 6],
    [1, 1, 1, 4, 4, 5, 5, 6, 6],
    [1, 1, 1, 4],
    [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
    [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
    [1, 1, 1, 4, 4, 4, 4],
    [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
  ]
  const all = voters(1, 2, 3, 4, 5, 6, 7)
  const hardState = { currentTerm: 7, votedFor: null }
  const bench = new Bench(
    Object.fromEntries(logs.map((terms, at) => [at + 1, holding(all, commands(terms), { hardState })])),
  )
  bench.elect(1)
  bench.pass(1000)
  for (const id of bench.nodes.keys()) {
    expect(bench.state(id).log.entries, `node ${id}`).toEqual(bench.state(1).log.entries)
    expect(bench.node(id).stored.entries, `disk of ${id}`).toEqual(bench.state(1).log.entries)
    expect(bench.state(id).lastApplied).toBe(11)
  }
  expect(bench.terms(1)).toEqual([1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 8])
})

test('row 2: Figure 8: an entry of an earlier term is not committed by counting, and may be overwritten', () => {
  const all = voters(1, 2, 3, 4, 5)
  const hardState = { currentTerm: 3, votedFor: null }
  const database = (terms: readonly number[]) => holding(all, commands(terms), { hardState })
  const bench = new Bench(
    { 1: database([1, 2]), 2: database([1, 2]), 3: database([1]), 4: database([1]), 5: database([1, 3]) },
    { settings: { messageSize: 1 } },
  )
  bench.isolate(5)
  bench.loses = carriesTerm(4)
  bench.elect(1)
  bench.pass(500)
  expect(bench.terms(3)).toEqual([1, 2])
  expect(bench.state(1).leadership?.peers.get(3)?.matchIndex).toBe(2)
  expect(bench.state(1).commitIndex).toBe(0)
  bench.stop(1)
  bench.heal()
  // The first attempt teaches it the term.
  bench.timeOut(5)
  bench.deliver()
  for (const id of [2, 3, 4]) bench.state(id).electionAt = instant(Number.POSITIVE_INFINITY)
  bench.elect(5)
  bench.pass(500)
  for (const id of [2, 3, 4, 5]) expect(bench.terms(id)).toEqual([1, 3, 5])
})

test('row 2: what a leader commits of its own term commits everything before it', () => {
  const hardState = { currentTerm: 2, votedFor: null }
  const database = holding(voters(1, 2, 3), commands([1, 2]), { hardState })
  const bench = new Bench({ 1: database, 2: database, 3: database })
  bench.elect(1)
  expect(bench.state(1).commitIndex).toBe(3)
})

const three = (options: ConstructorParameters<typeof Bench>[1] = {}): Bench => {
  const database = holding(voters(1, 2, 3), commands([1, 1]))
  const bench = new Bench({ 1: database, 2: database, 3: database }, options)
  bench.elect(1)
  return bench
}
const answer = (bench: Bench, matchIndex: number | null, term = bench.state(1).currentTerm): Message => ({
  kind: 'append-entries-response',
  from: 2,
  to: 1,
  store: 'store 2',
  term,
  matchIndex,
  rejected: matchIndex === null ? 1 : 0,
  hintIndex: 0,
  hintTerm: 0,
})

test('row 16: answers that are late, doubled, out of order, or of another term move nothing back or on', () => {
  const bench = three()
  bench.propose(1, 'a')
  bench.deliver()
  const progress = bench.state(1).leadership?.peers.get(2)
  expect(progress?.matchIndex).toBe(4)
  bench.isolate(1)
  bench.propose(1, 'b')
  for (const message of [answer(bench, 3), answer(bench, null), answer(bench, 5, 1)]) {
    bench.step(1, { kind: 'message', message })
    expect(progress).toMatchObject({ matchIndex: 4, nextIndex: 6, phase: 'replicate' })
  }
  expect(bench.state(1).commitIndex).toBe(4)
})

test('row 16: an answer that acknowledges more than the leader has is refused', () => {
  const bench = three()
  bench.step(1, { kind: 'message', message: answer(bench, 99) })
  expect(bench.state(1).leadership?.peers.get(2)?.matchIndex).toBe(3)
  expect(bench.state(1).dropped.impossible).toBe(1)
})

test('row 16: the disk confirms a write whose entries were given up meanwhile, and nothing is acknowledged by that', () => {
  const database = holding(voters(1, 2, 3), commands([1]))
  const bench = new Bench({ 2: database })
  const node = bench.node(2)
  node.slow = true
  const append = (from: number, term: number, terms: readonly number[]): void => {
    const [index, entries] = [1, commands(terms, 2)]
    const head = { from, to: 2, store: `store ${from}`, term }
    const rest = { prevLogIndex: index, prevLogTerm: 1, entries, leaderCommit: 0 }
    bench.step(2, { kind: 'message', message: { kind: 'append-entries', ...head, ...rest } })
  }
  append(1, 2, [2, 2])
  append(3, 3, [3])
  const [first, second] = node.writes
  bench.step(2, { kind: 'persisted', write: first?.write ?? 0 })
  expect(bench.state(2).disk.durableIndex).toBe(1)
  expect(bench.said.filter(({ kind }) => kind === 'append-entries-response')).toEqual([])
  // Once more, and one that was never asked for.
  bench.step(2, { kind: 'persisted', write: first?.write ?? 0 })
  bench.step(2, { kind: 'persisted', write: 99 })
  expect(bench.state(2).disk.durableIndex).toBe(1)
  bench.step(2, { kind: 'persisted', write: second?.write ?? 0 })
  expect(bench.state(2).disk.durableIndex).toBe(2)
  expect(bench.said).toMatchObject([{ kind: 'append-entries-response', to: 3, term: 3, matchIndex: 2 }])
})

test('a follower commits no more than it was sent, though the leader has committed more', () => {
  const bench = new Bench({ 2: holding(voters(1, 2, 3), commands([1, 1, 1])) })
  const head = { from: 1, to: 2, store: 'store 1', term: 2 }
  const rest = { prevLogIndex: 1, prevLogTerm: 1, entries: [], leaderCommit: 9 }
  bench.step(2, { kind: 'message', message: { kind: 'append-entries', ...head, ...rest } })
  expect(bench.state(2).commitIndex).toBe(1)
})

test('row 17: the commit index is what a slow look at every index says', () => {
  const slow = (matches: readonly number[], needed: number): number => {
    for (let index = Math.max(0, ...matches); index > 0; index--)
      if (matches.filter((match) => match >= index).length >= needed) return index
    return 0
  }
  fc.assert(
    fc.property(fc.array(fc.nat(12), { maxLength: 9 }), (matches) => {
      const needed = Math.floor(matches.length / 2) + 1
      expect(reachedBy(matches, needed)).toBe(slow(matches, needed))
    }),
  )
})

test('row 22: without a majority a leader keeps only so much, refuses the rest, and calls nothing failed', () => {
  const settings = { entrySize: 500, uncommittedSize: 1000 }
  const bench = three({ settings })
  bench.isolate(1)
  const names = ['a', 'b', 'c', 'd']
  for (const name of names) bench.propose(1, name, 'x'.repeat(400))
  bench.propose(1, 'large', 'x'.repeat(600))
  expect(names.map((name) => bench.outcome(1, name))).toEqual([
    undefined,
    undefined,
    'too-much-uncommitted',
    'too-much-uncommitted',
  ])
  expect(bench.outcome(1, 'large')).toBe('too-large')
  expect(bench.node(1).raft.status(bench.state(1).now).uncommitted).toBeLessThanOrEqual(1000)
  bench.pass(3000)
  expect(bench.state(1).role).not.toBe('leader')
  expect(names.map((name) => bench.outcome(1, name)).slice(0, 2)).toEqual(['unknown', 'unknown'])
})

test.each([
  ['a gap', commands([2], 4)],
  ['terms that fall', commands([2, 1], 3)],
  ['a term to come', commands([9], 3)],
])('an append with %s is refused, and no exception', (_what, entries) => {
  const bench = new Bench({ 2: holding(voters(1, 2, 3), commands([1, 1])) })
  const head = { from: 1, to: 2, store: 'store 1', term: 2 }
  const rest = { prevLogIndex: 2, prevLogTerm: 1, entries, leaderCommit: 0 }
  bench.step(2, { kind: 'message', message: { kind: 'append-entries', ...head, ...rest } })
  expect(bench.terms(2)).toEqual([1, 1])
  expect(bench.state(2).dropped.impossible).toBe(1)
})

test('what was lost on the way is sent again, and the window is not left', () => {
  const bench = three({ settings: { window: 2, messageSize: 1 } })
  bench.loses = ({ kind, to }) => kind === 'append-entries' && to === 3
  for (let at = 0; at < 20; at++) bench.propose(1, `p${at}`)
  expect(bench.state(1).leadership?.peers.get(3)?.inflight.length).toBeLessThanOrEqual(2)
  bench.deliver()
  expect(bench.state(1).commitIndex).toBe(23)
  bench.loses = () => false
  bench.pass(1000)
  expect(bench.state(3).lastApplied).toBe(23)
})

test('an idle cluster writes nothing', () => {
  const bench = three()
  bench.pass(1000)
  const before = [...bench.nodes.values()].map(({ effects }) => effects.filter(({ kind }) => kind === 'persist').length)
  bench.pass(60_000)
  const after = [...bench.nodes.values()].map(({ effects }) => effects.filter(({ kind }) => kind === 'persist').length)
  expect(after).toEqual(before)
})
