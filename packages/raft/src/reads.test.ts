import { expect, test } from 'vitest'
import { Bench, commands, holding, storeOf, voters } from './fixture.ts'

const database = holding(voters(1, 2, 3), commands([1, 1]))
const trio = (options: ConstructorParameters<typeof Bench>[1] = {}): Bench => {
  const bench = new Bench({ 1: database, 2: database, 3: database }, options)
  bench.elect(1)
  return bench
}

test('row 3: a read waits until the leader has committed an entry of its own term', () => {
  const bench = new Bench({ 1: database, 2: database, 3: database })
  bench.loses = ({ kind }) => kind === 'append-entries-response'
  bench.elect(1)
  bench.step(1, { kind: 'read', id: 'r' })
  bench.pass(400)
  expect(bench.read(1, 'r')).toBeUndefined()
  bench.loses = () => false
  bench.pass(500)
  expect(bench.read(1, 'r')).toBe(3)
})

test('row 23: a read is answered after a round of heartbeats that began after it, at once', () => {
  const bench = trio()
  bench.propose(1, 'a')
  bench.deliver()
  bench.step(1, { kind: 'read', id: 'r' })
  expect(bench.read(1, 'r')).toBeUndefined()
  bench.deliver()
  expect(bench.read(1, 'r')).toBe(4)
  bench.step(2, { kind: 'read', id: 'elsewhere' })
  expect(bench.read(2, 'elsewhere')).toBe('not-leader')
})

test('row 23: a late answer to an earlier round proves nothing', () => {
  const bench = trio()
  bench.pass(300)
  const { round = 0 } = bench.state(1).leadership ?? {}
  const { currentTerm: term } = bench.state(1)
  bench.isolate(1)
  bench.step(1, { kind: 'read', id: 'r' })
  for (const from of [2, 3]) {
    const head = { from, to: 1, store: storeOf(from) }
    for (const late of [
      { ...head, term, round },
      { ...head, term: term - 1, round: round + 1 },
    ])
      bench.step(1, { kind: 'message', message: { kind: 'heartbeat-response', ...late } })
  }
  expect(bench.read(1, 'r')).toBeUndefined()
  bench.heal()
  bench.pass(200)
  expect(bench.read(1, 'r')).toBe(3)
})

test('row 23: a leader that stood still answers no read from the past', () => {
  const bench = trio()
  bench.isolate(1)
  const then = bench.now
  bench.elect(2)
  bench.propose(2, 'new')
  bench.deliver()
  expect(bench.outcome(2, 'new')).toBe('committed')
  // Its clock is far behind, and it believes that it leads.
  bench.now = then
  bench.step(1, { kind: 'read', id: 'r' })
  expect(bench.state(1).role).toBe('leader')
  bench.pass(100)
  expect(bench.read(1, 'r')).toBeUndefined()
  bench.heal()
  bench.pass(1000)
  expect(bench.read(1, 'r')).toBe('not-leader')
})

test('row 23: a node that was started anew answers none by rounds of before', () => {
  const bench = trio()
  bench.pass(300)
  const old = bench.said.filter(({ kind, to }) => kind === 'heartbeat-response' && to === 1)
  bench.start(1)
  bench.elect(1)
  bench.isolate(1)
  bench.step(1, { kind: 'read', id: 'r' })
  for (const message of old) bench.step(1, { kind: 'message', message })
  expect(bench.read(1, 'r')).toBeUndefined()
})

test('row 23: while leadership is handed over no read begins; when that fails, reads go on', () => {
  const bench = trio()
  bench.loses = ({ kind }) => kind === 'timeout-now'
  bench.step(1, { kind: 'transfer', to: 2 })
  bench.step(1, { kind: 'read', id: 'r' })
  bench.pass(500)
  expect(bench.read(1, 'r')).toBeUndefined()
  bench.pass(1000)
  expect(bench.read(1, 'r')).toBe(3)
})

test('row 23: a read that waits when leadership ends is refused, with the way to the leader', () => {
  const bench = trio()
  bench.step(1, { kind: 'transfer', to: 2 })
  bench.step(1, { kind: 'read', id: 'r' })
  bench.deliver()
  expect(bench.state(2).role).toBe('leader')
  expect(bench.read(1, 'r')).toBe('not-leader')
})

test('a read is answered when the state machine is as far, not before', () => {
  const bench = trio()
  bench.node(1).slow = true
  bench.propose(1, 'a')
  bench.deliver()
  expect(bench.state(1).commitIndex).toBe(4)
  bench.step(1, { kind: 'read', id: 'r' })
  bench.deliver()
  expect(bench.read(1, 'r')).toBeUndefined()
  bench.write(1)
  expect(bench.read(1, 'r')).toBe(4)
})
