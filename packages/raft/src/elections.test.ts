import { instant, seededRandom } from '@lvsm/base'
import { expect, test } from 'vitest'
import { foundedBy, FIRST } from './bootstrap.ts'
import { Bench, commands, holding, learner, memberEntry, members, storeOf, voter, voters } from './fixture.ts'
import { createRaft } from './raft.ts'
import { DEFAULTS } from './settings.ts'

const database = holding(voters(1, 2, 3), commands([1, 1]))
const trio = (options: ConstructorParameters<typeof Bench>[1] = {}): Bench =>
  new Bench({ 1: database, 2: database, 3: database }, options)

test('row 8: a voter that was removed and never heard of it disturbs nobody, and is told', () => {
  const bench = trio()
  bench.elect(1)
  bench.isolate(3)
  bench.step(1, { kind: 'change', id: 'remove', change: { op: 'remove', node: 3 }, payload: '' })
  bench.deliver()
  expect(bench.outcome(1, 'remove')).toBe('committed')
  bench.pass(5000)
  const term = bench.state(1).currentTerm
  bench.heal()
  bench.pass(3000)
  expect(bench.state(3).expelled).toBe('removed')
  expect(bench.state(1)).toMatchObject({ role: 'leader', currentTerm: term })
})

test('row 8: a voter that was demoted and never heard of it disturbs nobody, and never stands again', () => {
  const bench = trio()
  bench.elect(1)
  bench.isolate(3)
  bench.step(1, { kind: 'change', id: 'demote', change: { op: 'demote', node: 3 }, payload: '' })
  bench.deliver()
  const term = bench.state(1).currentTerm
  bench.pass(4000)
  bench.heal()
  bench.pass(3000)
  expect(bench.state(1)).toMatchObject({ role: 'leader', currentTerm: term })
  expect(bench.state(3)).toMatchObject({ role: 'follower', leader: 1 })
  bench.stop(1)
  bench.stop(2)
  bench.pass(5000)
  expect(bench.state(3)).toMatchObject({ role: 'follower', currentTerm: term })
})

test('row 9: a learner that was promoted and does not know it grants votes, and does not stand', () => {
  const stored = holding(members(voter(1), voter(2), learner(3)), commands([1, 1]))
  const bench = new Bench({ 1: stored, 2: stored, 3: stored }, { settings: { promoteMs: 0 } })
  bench.elect(1)
  bench.pass(200)
  bench.isolate(3)
  bench.step(1, { kind: 'change', id: 'promote', change: { op: 'promote', node: 3 }, payload: '' })
  bench.deliver()
  expect(bench.outcome(1, 'promote')).toBe('committed')
  bench.stop(1)
  bench.heal()
  bench.timeOut(3)
  expect(bench.state(3).role).toBe('follower')
  bench.elect(2)
  bench.pass(500)
  expect(bench.state(3).commitIndex).toBe(bench.state(2).commitIndex)
})

test('row 12: a pre-vote that is refused by a higher term teaches it, and the next one succeeds', () => {
  const old = holding(voters(1, 2, 3), commands([1]), { hardState: { currentTerm: 9, votedFor: null } })
  const bench = new Bench({ 1: database, 2: database, 3: old })
  bench.isolate(2)
  bench.timeOut(1)
  bench.deliver()
  expect(bench.state(1)).toMatchObject({ role: 'follower', currentTerm: 9 })
  bench.elect(1)
  expect(bench.state(1).currentTerm).toBe(10)
})

test('row 12: answers to a pre-vote that come after the election was won change nothing', () => {
  const bench = trio()
  bench.elect(1)
  const term = bench.state(1).currentTerm
  const head = { from: 3, to: 1, store: storeOf(3) }
  bench.step(1, {
    kind: 'message',
    message: { kind: 'pre-vote-response', ...head, term: term - 1, granted: true, nextTerm: term },
  })
  bench.step(1, {
    kind: 'message',
    message: { kind: 'pre-vote-response', ...head, term, granted: true, nextTerm: term + 1 },
  })
  expect(bench.state(1)).toMatchObject({ role: 'leader', currentTerm: term })
})

test('row 12: a candidate with a term of its own is not left outside for ever', () => {
  const bench = trio()
  bench.elect(1)
  const stuck = { ...bench.node(3).stored, hardState: { currentTerm: 7, votedFor: 3 } }
  bench.start(3, stuck)
  bench.pass(6000)
  const leaders = [1, 2, 3].filter((id) => bench.state(id).role === 'leader')
  expect(leaders).toHaveLength(1)
  for (const id of [1, 2, 3]) expect(bench.state(id).leader).toBe(leaders[0])
})

test('row 13: where two nodes do not reach each other the leader stays, and so does the term', () => {
  const bench = trio()
  bench.elect(1)
  const term = bench.state(1).currentTerm
  bench.cut([1, 2], [2, 1])
  bench.pass(20_000)
  expect(bench.state(1)).toMatchObject({ role: 'leader', currentTerm: term })
  expect(bench.state(3)).toMatchObject({ leader: 1, currentTerm: term })
})

test('row 13: a leader that nobody answers gives up, and the others go on', () => {
  const bench = trio()
  bench.elect(1)
  bench.cut([2, 1], [3, 1])
  bench.pass(10_000)
  const [leader] = [2, 3].filter((id) => bench.state(id).role === 'leader')
  expect(leader).toBeDefined()
  const term = leader === undefined ? 0 : bench.state(leader).currentTerm
  bench.pass(10_000)
  // It hears nothing, goes on asking, and disturbs nobody.
  expect(bench.state(1).role).toBe('pre-candidate')
  for (const id of [2, 3]) expect(bench.state(id)).toMatchObject({ leader, currentTerm: term })
})

test.each([1, 2, 3])('row 14: elections end where node %i knows no pre-vote, and when it is taken back', (plain) => {
  const bench = trio({ settingsOf: (id) => ({ preVote: id !== plain }) })
  for (const id of [1, 2, 3]) bench.elect(id)
  bench.pass(5000)
  const { leader } = bench.state(1)
  for (const id of [1, 2, 3]) expect(bench.state(id).leader).toBe(leader)
  // Back to the release without it, one after the other.
  const back = trio({ settings: { preVote: false } })
  for (const id of [1, 2, 3]) back.elect(id)
  expect(back.state(3).role).toBe('leader')
})

test('row +: a single voter elects itself at once, and loses nothing that it acknowledged', () => {
  const bench = new Bench({ [FIRST]: foundedBy(storeOf(FIRST), '') })
  bench.pass(0)
  expect(bench.state(1).role).toBe('leader')
  bench.propose(1, 'a')
  expect(bench.outcome(1, 'a')).toBe('committed')
  const { commitIndex } = bench.state(1)
  bench.start(1)
  bench.pass(0)
  expect(bench.state(1)).toMatchObject({ role: 'leader', currentTerm: 3, commitIndex: commitIndex + 1 })
  bench.step(1, { kind: 'change', id: 'add', change: { op: 'add', store: storeOf(5) }, payload: '' })
  expect(bench.outcome(1, 'add')).toBe('committed')
  expect(bench.state(1).log.memberships.at(-1)?.membership.members).toMatchObject([{ id: 1 }, { id: 5 }])
  expect(bench.terms(1)).toEqual([1, 2, 2, 3, 3])
})

test('row +: the leader that left is no leader after a restart', () => {
  const bench = trio()
  bench.elect(1)
  bench.step(1, { kind: 'change', id: 'leave', change: { op: 'remove', node: 1 }, payload: '' })
  bench.deliver()
  bench.start(1)
  bench.pass(5000)
  expect(bench.state(1).role).not.toBe('leader')
  expect([2, 3].some((id) => bench.state(id).role === 'leader')).toBe(true)
})

test('row +: nodes that start at one moment do not stay in step', () => {
  const stored = holding(voters(1, 2, 3), [memberEntry(1, 1, voters(1, 2, 3))])
  const { electionMs } = DEFAULTS
  const dues = Array.from({ length: 200 }, (_, seed) => {
    const raft = createRaft({
      id: 1,
      store: storeOf(1),
      stored,
      settings: DEFAULTS,
      random: seededRandom(seed),
      startedAt: instant(0),
    })
    const first = raft.state.electionAt
    raft.step({ kind: 'wake' }, first)
    return [first, raft.state.electionAt - first] as const
  })
  for (const round of [0, 1] as const) {
    const waits = dues.map((due) => due[round])
    for (let tenth = 0; tenth < 10; tenth++) {
      const [from, to] = [1 + tenth / 10, 1.1 + tenth / 10].map((times) => times * electionMs)
      const within = waits.filter((ms) => ms >= (from ?? 0) && ms < (to ?? 0))
      expect(within.length, `a tenth of round ${round}`).toBeGreaterThan(5)
    }
  }
})
