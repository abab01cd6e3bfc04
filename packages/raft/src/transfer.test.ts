import { expect, test } from 'vitest'
import { Bench, commands, holding, learner, members, storeOf, voter, voters } from './fixture.ts'

const database = holding(voters(1, 2, 3), commands([1, 1]))
const trio = (options: ConstructorParameters<typeof Bench>[1] = {}): Bench => {
  const bench = new Bench({ 1: database, 2: database, 3: database }, options)
  bench.elect(1)
  return bench
}
const ends = (bench: Bench, id: number): readonly string[] =>
  bench
    .node(id)
    .effects.flatMap((effect) => (effect.kind === 'transfer-ended' ? [effect.refusal?.code ?? effect.how] : []))

test('row 24: leadership goes to the voter that was named, without a wait', () => {
  const bench = trio()
  bench.step(1, { kind: 'transfer', to: 3 })
  bench.deliver()
  expect(bench.state(3).role).toBe('leader')
  expect(ends(bench, 1)).toEqual(['leadership-over'])
  bench.propose(3, 'a')
  bench.deliver()
  expect(bench.outcome(3, 'a')).toBe('committed')
})

test.each(['slow', 'gone'] as const)('row 24: a target that is %s: it ends in time, and writes go on', (how) => {
  const bench = trio()
  if (how === 'gone') bench.loses = ({ to }) => to === 3
  else bench.loses = ({ kind, from, to }) => kind === 'append-entries-response' && from === 3 && to === 1
  if (how === 'slow') bench.propose(1, 'before')
  bench.deliver()
  bench.step(1, { kind: 'transfer', to: 3 })
  bench.propose(1, 'meanwhile')
  expect(bench.outcome(1, 'meanwhile')).toBe('transferring')
  bench.pass(1100)
  expect(ends(bench, 1)).toEqual(['timed-out'])
  bench.propose(1, 'after')
  bench.deliver()
  expect(bench.outcome(1, 'after')).toBe('committed')
  expect(bench.state(1).role).toBe('leader')
})

test('row 24: a second one, one to itself, to a learner, and to one that was removed or demoted, are refused', () => {
  const stored = holding(members(voter(1), voter(2), voter(3), learner(4)), commands([1, 1, 1, 1]))
  const bench = new Bench({ 1: stored, 2: stored, 3: stored, 4: stored })
  bench.elect(1)
  bench.pass(300)
  const transfer = (to: number): string | undefined => {
    bench.step(1, { kind: 'transfer', to })
    return ends(bench, 1).at(-1)
  }
  expect(transfer(1)).toBe('already-leader')
  expect(transfer(4)).toBe('not-voter')
  expect(transfer(99)).toBe('not-voter')
  bench.step(1, { kind: 'change', id: 'demote', change: { op: 'demote', node: 3 }, payload: '' })
  bench.deliver()
  expect(transfer(3)).toBe('not-voter')
  bench.step(1, { kind: 'change', id: 'remove', change: { op: 'remove', node: 3 }, payload: '' })
  bench.deliver()
  expect(transfer(3)).toBe('not-voter')
  bench.loses = ({ kind }) => kind === 'timeout-now'
  bench.step(1, { kind: 'transfer', to: 2 })
  expect(transfer(2)).toBe('transferring')
  bench.step(1, { kind: 'change', id: 'meanwhile', change: { op: 'demote', node: 2 }, payload: '' })
  expect(bench.outcome(1, 'meanwhile')).toBe('transferring')
  bench.step(2, { kind: 'transfer', to: 2 })
  expect(ends(bench, 2)).toEqual(['not-leader'])
})

test('row 10: leadership does not go to a voter that lags or is silent', () => {
  const bench = trio({ settings: { promoteLag: 2 } })
  bench.isolate(3)
  for (const name of ['a', 'b', 'c', 'd']) bench.propose(1, name)
  bench.deliver()
  bench.step(1, { kind: 'transfer', to: 3 })
  expect(ends(bench, 1)).toEqual(['not-caught-up'])
  bench.pass(2000)
  bench.step(1, { kind: 'transfer', to: 3 })
  expect(ends(bench, 1)).toEqual(['not-caught-up', 'not-caught-up'])
  expect(bench.state(1).role).toBe('leader')
})

test('row 24: the target first gets what it lacks', () => {
  const bench = trio()
  bench.loses = ({ kind, to }) => kind === 'append-entries' && to === 3
  bench.propose(1, 'a')
  bench.deliver()
  bench.loses = () => false
  bench.step(1, { kind: 'transfer', to: 3 })
  bench.pass(400)
  expect(bench.state(3).role).toBe('leader')
  expect(bench.terms(3).filter((term) => term === 2)).toHaveLength(2)
})

test('row 24: who may not lead does not stand, whoever asks it to', () => {
  const stored = holding(members(voter(1), voter(2), learner(3)), commands([1, 1]))
  const bench = new Bench({ 1: stored, 2: stored, 3: stored })
  bench.elect(1)
  bench.pass(300)
  const term = bench.state(1).currentTerm
  const ask = { kind: 'timeout-now', from: 1, to: 3, store: storeOf(1), term } as const
  bench.step(3, { kind: 'message', message: ask })
  expect(bench.state(3)).toMatchObject({ role: 'follower', currentTerm: term })
  expect(bench.state(3).dropped.unasked).toBe(1)
  bench.deliver()
  expect(bench.state(1)).toMatchObject({ role: 'leader', currentTerm: term })
})
