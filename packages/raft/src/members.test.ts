import { expect, test } from 'vitest'
import { JOINING } from './bootstrap.ts'
import type { Change } from './events.ts'
import {
  Bench,
  commands,
  holding,
  learner,
  memberEntry,
  members,
  snapshotAt,
  storeOf,
  voter,
  voters,
} from './fixture.ts'
import { membershipOf } from './log.ts'

const database = holding(voters(1, 2, 3), commands([1, 1, 1, 1]))
const trio = (options: ConstructorParameters<typeof Bench>[1] = {}): Bench => {
  const bench = new Bench({ 1: database, 2: database, 3: database }, options)
  bench.elect(1)
  return bench
}
let changes = 0
/** What became of it, once everything was said. */
const change = (bench: Bench, leader: number, wanted: Change): string | undefined => {
  const id = `change ${++changes}`
  bench.step(leader, { kind: 'change', id, change: wanted, payload: '' })
  const at = bench.outcome(leader, id)
  bench.deliver()
  return at ?? bench.outcome(leader, id)
}
const idsOf = (bench: Bench, id: number): readonly number[] =>
  membershipOf(bench.state(id).log).members.map((member) => member.id)

test('row 3: a leader changes no members before an entry of its own term is committed', () => {
  const bench = new Bench({ 1: database, 2: database, 3: database })
  bench.loses = ({ kind }) => kind === 'append-entries-response'
  bench.elect(1)
  expect(change(bench, 1, { op: 'remove', node: 3 })).toBe('not-settled')
  bench.loses = () => false
  bench.pass(500)
  expect(change(bench, 1, { op: 'remove', node: 3 })).toBe('committed')
})

test('row 4: a second change is refused while one is under way, also by the next leader', () => {
  const bench = trio()
  bench.loses = ({ kind }) => kind === 'append-entries-response'
  expect(change(bench, 1, { op: 'add', store: 'new' })).toBeUndefined()
  expect(change(bench, 1, { op: 'remove', node: 3 })).toBe('change-under-way')
  bench.elect(2)
  expect(idsOf(bench, 2)).toHaveLength(4)
  expect(change(bench, 2, { op: 'remove', node: 3 })).toBe('not-settled')
  bench.loses = () => false
  bench.pass(500)
  expect(change(bench, 2, { op: 'remove', node: 3 })).toBe('committed')
})

test.each(['timeout', 'transfer'] as const)('row 5: a candidate counts members that it has not applied (%s)', (how) => {
  const grown = [...commands([1, 1]), memberEntry(3, 1, voters(1, 2, 3, 4))]
  const stored = holding(voters(1, 2, 3), grown)
  const bench = new Bench({ 1: stored, 2: stored, 3: stored, 4: stored })
  bench.cut([2, 3], [2, 4])
  if (how === 'timeout') bench.timeOut(2)
  else {
    const head = { from: 1, to: 2, store: storeOf(1), term: 1 }
    bench.step(2, { kind: 'message', message: { kind: 'timeout-now', ...head } })
  }
  bench.deliver()
  // Two of three, but not of four.
  expect(bench.state(2).lastApplied).toBe(0)
  expect(bench.state(2).role).not.toBe('leader')
  expect(new Set(bench.said.filter(({ from }) => from === 2).map(({ to }) => to))).toEqual(new Set([1, 3, 4]))
})

test('row 6: members of an entry that is given up are forgotten, though the entry before is compacted', () => {
  const stored = holding(voters(9), [memberEntry(6, 2, voters(1, 2, 3, 4))], {
    snapshot: snapshotAt(5, 1, voters(1, 2, 3)),
  })
  const bench = new Bench({ 2: stored })
  expect(idsOf(bench, 2)).toEqual([1, 2, 3, 4])
  const head = { from: 3, to: 2, store: storeOf(3), term: 3 }
  const rest = { prevLogIndex: 5, prevLogTerm: 1, entries: commands([3], 6), leaderCommit: 5 }
  bench.step(2, { kind: 'message', message: { kind: 'append-entries', ...head, ...rest } })
  expect(idsOf(bench, 2)).toEqual([1, 2, 3])
  bench.start(2)
  expect(idsOf(bench, 2)).toEqual([1, 2, 3])
})

test('row 6: of several that are given up the last one that stays counts', () => {
  const entries = [
    memberEntry(1, 1, voters(1, 2)),
    ...commands([1], 2),
    memberEntry(3, 2, voters(1, 2, 3)),
    memberEntry(4, 2, voters(1, 2, 3, 4)),
  ]
  const bench = new Bench({ 2: holding(voters(1), entries) })
  const head = { from: 1, to: 2, store: storeOf(1), term: 3 }
  const rest = { prevLogIndex: 2, prevLogTerm: 1, entries: commands([3], 3), leaderCommit: 1 }
  bench.step(2, { kind: 'message', message: { kind: 'append-entries', ...head, ...rest } })
  expect(idsOf(bench, 2)).toEqual([1, 2])
})

test('row 7: a leader that removes itself leads until that is committed, by the others alone', () => {
  const bench = trio()
  bench.loses = ({ kind, from }) => kind === 'append-entries-response' && from === 3
  expect(change(bench, 1, { op: 'remove', node: 1 })).toBeUndefined()
  // It and node 2 are no majority of 2 and 3.
  expect(bench.state(1)).toMatchObject({ role: 'leader' })
  bench.loses = () => false
  bench.pass(300)
  expect(bench.state(1)).toMatchObject({ role: 'follower', leader: null })
  bench.pass(6000)
  expect([2, 3].some((id) => bench.state(id).role === 'leader')).toBe(true)
})

test('row 7: a leader that has left leads no more, whether the others tell it or not', () => {
  const bench = trio()
  bench.loses = ({ kind }) => kind === 'refused'
  expect(change(bench, 1, { op: 'remove', node: 1 })).toBe('committed')
  expect(bench.state(1)).toMatchObject({ role: 'follower', leader: null, leadership: null })
})

test('row 7: of a pair the leader cannot leave, and a voter that is needed stays', () => {
  const stored = holding(voters(1, 2), commands([1, 1]))
  const pair = new Bench({ 1: stored, 2: stored })
  pair.elect(1)
  expect(change(pair, 1, { op: 'remove', node: 1 })).toBe('leader-of-a-pair')
  expect(change(pair, 1, { op: 'demote', node: 1 })).toBe('leader-of-a-pair')
  const bench = trio({ settings: { electionMs: 1000 } })
  bench.isolate(2)
  bench.pass(2000)
  expect(change(bench, 1, { op: 'remove', node: 3 })).toBe('no-majority')
  expect(change(bench, 1, { op: 'remove', node: 2 })).toBe('committed')
})

test('row 7: a new leader counts only on voters that have answered it', () => {
  const bench = new Bench({ 1: database, 2: database, 3: database })
  bench.isolate(3)
  bench.elect(1)
  expect(change(bench, 1, { op: 'remove', node: 2 })).toBe('no-majority')
})

test('row 7: when the other of a pair dies while it is removed, the leader finishes alone', () => {
  const stored = holding(voters(1, 2), commands([1, 1]))
  const bench = new Bench({ 1: stored, 2: stored })
  bench.elect(1)
  bench.isolate(2)
  expect(change(bench, 1, { op: 'remove', node: 2 })).toBe('committed')
  expect(change(bench, 1, { op: 'remove', node: 1 })).toBe('last-voter')
  bench.pass(5000)
  expect(bench.state(1).role).toBe('leader')
})

test('row 7: a leader that crashed while it left is needed for that, and stands once more', () => {
  const bench = trio()
  bench.loses = ({ kind }) => kind === 'append-entries'
  change(bench, 1, { op: 'remove', node: 1 })
  bench.start(1)
  bench.loses = () => false
  bench.timeOut(1)
  bench.deliver()
  expect(bench.node(1).effects).toContainEqual({ kind: 'role', role: 'leader', term: 3, leader: 1 })
  bench.pass(500)
  expect(bench.state(1).role).toBe('follower')
  expect(idsOf(bench, 2)).toEqual([2, 3])
  expect(bench.state(2).commitIndex).toBeGreaterThan(5)
})

test('row 10: a learner becomes a voter only when it has kept up for a while', () => {
  const membership = members(voter(1), learner(2))
  const stored = holding(membership, [memberEntry(1, 1, membership), ...commands([1, 1, 1], 2)])
  const bench = new Bench({ 1: stored, 2: JOINING }, { settings: { promoteMs: 2000, promoteLag: 2 } })
  bench.isolate(2)
  bench.elect(1)
  expect(change(bench, 1, { op: 'promote', node: 2 })).toBe('not-caught-up')
  bench.heal()
  bench.pass(1000)
  expect(bench.state(2).lastApplied).toBe(5)
  expect(change(bench, 1, { op: 'promote', node: 2 })).toBe('not-caught-up')
  bench.pass(2500)
  bench.isolate(2)
  for (const name of ['a', 'b', 'c']) bench.propose(1, name)
  expect(change(bench, 1, { op: 'promote', node: 2 })).toBe('not-caught-up')
  bench.heal()
  bench.pass(2500)
  expect(change(bench, 1, { op: 'promote', node: 2 })).toBe('committed')
  expect(change(bench, 1, { op: 'promote', node: 2 })).toBe('already-voter')
})

test('row 11: a voter whose disk was wiped counts for nothing, whatever id it says', () => {
  const bench = trio()
  bench.stop(3)
  bench.propose(1, 'a')
  bench.deliver()
  bench.start(3, JOINING, 'another store')
  bench.isolate(2)
  bench.propose(1, 'b')
  bench.pass(500)
  expect(bench.state(3).expelled).toBe('wiped')
  expect(bench.outcome(1, 'b')).toBeUndefined()
  expect(bench.state(1).dropped.wiped).toBeGreaterThan(0)
  // Nor does it vote.
  const before = bench.said.length
  bench.step(3, {
    kind: 'message',
    message: {
      kind: 'request-vote',
      from: 2,
      to: 3,
      store: storeOf(2),
      term: 50,
      lastLogIndex: 99,
      lastLogTerm: 49,
      transfer: true,
    },
  })
  expect(bench.said.slice(before)).toEqual([])
})

test('row 11: a vote of an empty database is none', () => {
  const bench = new Bench({ 3: JOINING })
  const head = { from: 2, to: 3, store: storeOf(2), term: 5 }
  const rest = { lastLogIndex: 9, lastLogTerm: 4, transfer: false }
  bench.step(3, { kind: 'message', message: { kind: 'request-vote', ...head, ...rest } })
  expect(bench.said).toEqual([])
})

test('row 11: a commit index above the own log is a refusal, and not an exception', () => {
  const bench = new Bench({ 2: database })
  const head = { from: 1, to: 2, store: storeOf(1), term: 5 }
  bench.step(2, { kind: 'message', message: { kind: 'heartbeat', ...head, leaderCommit: 77, round: 0 } })
  expect(bench.state(2).expelled).toBe('regressed')
  bench.step(2, { kind: 'message', message: { kind: 'heartbeat', ...head, leaderCommit: 1, round: 1 } })
  expect(bench.said).toEqual([])
})

test("row 11: an id that was never committed is nobody's: who has it now is obeyed", () => {
  const entries = [memberEntry(1, 1, voters(1, 3)), memberEntry(2, 1, members(voter(1), voter(3), learner(2)))]
  const bench = new Bench({ 3: holding(voters(1), entries, { lastApplied: 1 }) })
  const head = { from: 2, to: 3, store: 'of another node', term: 4 }
  const rest = { prevLogIndex: 1, prevLogTerm: 1, entries: commands([3], 2), leaderCommit: 2 }
  bench.step(3, { kind: 'message', message: { kind: 'append-entries', ...head, ...rest } })
  expect(bench.terms(3)).toEqual([1, 3])
  expect(bench.said.map(({ kind }) => kind)).toEqual(['append-entries-response'])
})

test('row 11: no id is given twice, and a node that asks again is told its id', () => {
  const bench = trio()
  expect(change(bench, 1, { op: 'add', store: 'new' })).toBe('committed')
  expect(change(bench, 1, { op: 'add', store: 'new' })).toBe('already-member')
  const first = idsOf(bench, 1).at(-1) ?? 0
  expect(change(bench, 1, { op: 'remove', node: first })).toBe('committed')
  expect(change(bench, 1, { op: 'promote', node: first })).toBe('unknown-node')
  expect(change(bench, 1, { op: 'add', store: 'newer' })).toBe('committed')
  expect(idsOf(bench, 1).at(-1)).toBeGreaterThan(first)
})
