import { expect, test } from 'vitest'
import { JOINING } from './bootstrap.ts'
import { Bench, commands, holding, learner, members, snapshotAt, storeOf, voter, voters } from './fixture.ts'
import { lastIndex } from './log.ts'
import type { InstallSnapshot } from './messages.ts'

const all = voters(1, 2, 3)
const install = (index: number, term: number): InstallSnapshot => ({
  kind: 'install-snapshot',
  from: 1,
  to: 2,
  store: storeOf(1),
  term: 5,
  lastIncludedIndex: index,
  lastIncludedTerm: term,
  membership: all,
})
/** Ten entries of term 1, of which eight are applied. */
const follower = (): Bench => new Bench({ 2: holding(all, commands(Array(10).fill(1)), { lastApplied: 8 }) })
const acknowledged = (bench: Bench): readonly unknown[] =>
  bench.said.flatMap((message) => (message.kind === 'append-entries-response' ? [message.matchIndex] : []))

test('row 18: a snapshot that is older than what is committed changes nothing', () => {
  const bench = follower()
  bench.step(2, { kind: 'message', message: install(6, 1) })
  expect(lastIndex(bench.state(2).log)).toBe(10)
  expect(bench.state(2).commitIndex).toBe(8)
  expect(acknowledged(bench)).toEqual([8])
})

test('row 18: a snapshot that ends with an entry of the log commits it, and keeps what comes after it', () => {
  const bench = follower()
  bench.step(2, { kind: 'message', message: install(9, 1) })
  expect(lastIndex(bench.state(2).log)).toBe(10)
  expect(bench.state(2).lastApplied).toBe(9)
  expect(acknowledged(bench)).toEqual([9])
})

test('row 18: a snapshot that contradicts what is committed is refused', () => {
  const bench = follower()
  bench.step(2, { kind: 'message', message: install(7, 4) })
  expect(bench.state(2).dropped.impossible).toBe(1)
  expect(lastIndex(bench.state(2).log)).toBe(10)
  expect(acknowledged(bench)).toEqual([])
})

test('row 19: a snapshot under a tail of another term takes the tail away', () => {
  const bench = follower()
  bench.step(2, { kind: 'message', message: install(9, 4) })
  expect(bench.state(2).log).toMatchObject({ snapshot: { index: 9, term: 4 }, entries: [] })
  expect(bench.node(2).stored).toMatchObject({ snapshot: { index: 9, term: 4 }, entries: [], lastApplied: 9 })
  expect(acknowledged(bench)).toEqual([9])
})

test('row 19: a follower with a tail of its own gets one snapshot, and then entries', () => {
  const leader = holding(all, commands([4, 4], 11), { snapshot: snapshotAt(10, 4, all) })
  const stray = holding(all, commands([1, 1, 1, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3]))
  const bench = new Bench({ 1: leader, 2: leader, 3: stray })
  bench.elect(1)
  bench.pass(2000)
  expect(bench.snapshots).toHaveLength(1)
  expect(bench.state(3)).toMatchObject({ lastApplied: 13 })
  bench.propose(1, 'a')
  bench.pass(1000)
  expect(bench.snapshots).toHaveLength(1)
  expect(bench.terms(3)).toEqual([5])
})

test('row 20: a leader whose log is compacted to its end reaches a follower that knows nothing, in an idle cluster', () => {
  const membership = members(voter(1), voter(2), learner(3))
  const stored = holding(membership, [], { snapshot: snapshotAt(10, 4, membership) })
  const bench = new Bench({ 1: stored, 2: stored, 3: JOINING })
  bench.isolate(3)
  bench.elect(1)
  bench.pass(1000)
  bench.heal()
  bench.pass(1000)
  expect(bench.state(3)).toMatchObject({ lastApplied: 11, leader: 1 })
})

/** Node 3 needs a snapshot, which does not leave. */
const needing = (): Bench => {
  const stored = holding(all, [], { snapshot: snapshotAt(10, 4, all) })
  const lost = holding(all, commands([1]))
  const settings = { snapshotMs: 3000, keepEntries: 4, promoteLag: 2 }
  const bench = new Bench({ 1: stored, 2: stored, 3: lost }, { settings })
  bench.slowSnapshots = true
  bench.elect(1)
  bench.pass(300)
  expect(bench.snapshots).toHaveLength(1)
  return bench
}

test('row 21: while a snapshot is under way the leader goes on, compacts, and sends no second one', () => {
  const bench = needing()
  for (let at = 0; at < 20; at++) {
    bench.propose(1, `p${at}`)
    bench.pass(20)
  }
  expect(bench.outcome(1, 'p19')).toBe('committed')
  expect(bench.state(1).log.snapshot.index).toBeGreaterThan(20)
  expect(bench.snapshots).toHaveLength(1)
  // It arrives, and is too old to go on from.
  const [first] = bench.snapshots
  bench.slowSnapshots = false
  if (first) bench.sendSnapshot(1, first)
  bench.pass(1000)
  expect(bench.state(3).lastApplied).toBe(bench.state(1).commitIndex)
  expect(bench.snapshots).toHaveLength(2)
})

test('row 21: a snapshot that fails is sent again at the next sign of life, and not before', () => {
  const bench = needing()
  bench.step(1, { kind: 'snapshot-sent', to: 3, ok: false })
  expect(bench.snapshots).toHaveLength(1)
  bench.slowSnapshots = false
  bench.pass(500)
  expect(bench.snapshots).toHaveLength(2)
  expect(bench.state(3).lastApplied).toBe(11)
})

test('row 21: one of which nothing is ever heard is given up', () => {
  const bench = needing()
  bench.pass(2500)
  expect(bench.snapshots).toHaveLength(1)
  bench.slowSnapshots = false
  bench.pass(1000)
  expect(bench.snapshots).toHaveLength(2)
  expect(bench.state(3).lastApplied).toBe(11)
})

test('applied entries are compacted, but for those that a follower may need, and with what is written anyway', () => {
  const stored = holding(all, commands([1]))
  const bench = new Bench({ 1: stored, 2: stored, 3: stored }, { settings: { keepEntries: 8, promoteLag: 2 } })
  bench.elect(1)
  for (let at = 0; at < 50; at++) {
    bench.propose(1, `p${at}`)
    bench.deliver()
  }
  const { snapshot, entries } = bench.state(2).log
  expect(entries.length).toBeLessThanOrEqual(14)
  expect(entries.length).toBeGreaterThanOrEqual(8)
  expect(bench.node(2).stored.snapshot).toEqual(snapshot)
  bench.start(2)
  expect(bench.state(2).log.entries).toEqual(entries)
})

test('large entries are compacted before there are many, and who lags behind them gets the whole state', () => {
  const stored = holding(all, commands([1]))
  const settings = { entrySize: 5000, keepSize: 20_000, messageSize: 2000 }
  const bench = new Bench({ 1: stored, 2: stored, 3: stored }, { settings })
  bench.elect(1)
  bench.isolate(3)
  const sizeOf = (id: number) => JSON.stringify(bench.state(id).log.entries).length
  for (let at = 0; at < 50; at++) {
    bench.step(1, { kind: 'propose', id: `p${at}`, payload: 'x'.repeat(1000) })
    bench.deliver()
    // With what JSON writes around each, and one entry that is on its way.
    for (const id of [1, 2]) expect(sizeOf(id)).toBeLessThan(25_000)
  }
  expect(bench.state(1).log.entries.length).toBeGreaterThan(10)
  bench.heal()
  bench.pass(1000)
  expect(bench.state(3).lastApplied).toBe(bench.state(1).lastApplied)
  expect(bench.snapshots).toHaveLength(1)
})
