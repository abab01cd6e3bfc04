import { expect, test } from 'vitest'
import { Bench, commands, holding, storeOf, voters } from './fixture.ts'
import type { Message } from './messages.ts'

const database = holding(voters(1, 2, 3), commands([1, 1]))
const trio = (options: ConstructorParameters<typeof Bench>[1] = {}): Bench => {
  const bench = new Bench({ 1: database, 2: database, 3: database }, options)
  bench.elect(1)
  return bench
}
const asks = (from: number, term: number): Message => ({
  kind: 'request-vote',
  from,
  to: 2,
  store: storeOf(from),
  term,
  lastLogIndex: 2,
  lastLogTerm: 1,
  transfer: false,
})
const granted = (bench: Bench): readonly number[] =>
  bench.said.flatMap((message) => (message.kind === 'request-vote-response' && message.granted ? [message.to] : []))

test('row 15: a vote is told when the disk has it, and is remembered', () => {
  const bench = new Bench({ 2: database })
  bench.node(2).slow = true
  bench.step(2, { kind: 'message', message: asks(1, 5) })
  expect(granted(bench)).toEqual([])
  // It was never told, so another may have it.
  bench.start(2)
  bench.step(2, { kind: 'message', message: asks(3, 5) })
  expect(granted(bench)).toEqual([3])
  bench.start(2)
  bench.step(2, { kind: 'message', message: asks(1, 5) })
  expect(granted(bench)).toEqual([3])
  bench.step(2, { kind: 'message', message: asks(3, 5) })
  expect(granted(bench)).toEqual([3, 3])
})

test('row 15: a new term and the entries that came with it are one transaction', () => {
  const bench = new Bench({ 2: database })
  const head = { from: 1, to: 2, store: storeOf(1), term: 4 }
  const rest = { prevLogIndex: 2, prevLogTerm: 1, entries: commands([4], 3), leaderCommit: 2 }
  const effects = bench.step(2, { kind: 'message', message: { kind: 'append-entries', ...head, ...rest } })
  const writes = effects.filter(({ kind }) => kind === 'persist')
  expect(writes).toMatchObject([
    { hardState: { currentTerm: 4 }, append: [{ index: 3 }], apply: [{ index: 1 }, { index: 2 }] },
  ])
})

test('row 15: a candidate asks for votes when the disk has its own, and counts that no sooner', () => {
  const bench = new Bench({ 1: database, 2: database, 3: database })
  bench.node(1).slow = true
  bench.timeOut(1)
  bench.deliver()
  expect(bench.state(1)).toMatchObject({ role: 'candidate', currentTerm: 2 })
  expect(bench.said.some(({ kind }) => kind === 'request-vote')).toBe(false)
  expect(bench.state(1).votes.size).toBe(0)
  bench.write(1)
  bench.deliver()
  expect(bench.state(1).role).toBe('leader')
})

test('row 16: a leader does not count itself before its disk has the entry', () => {
  const bench = trio()
  bench.node(1).slow = true
  bench.isolate(3)
  bench.propose(1, 'a')
  bench.deliver()
  expect(bench.state(1).leadership?.peers.get(2)?.matchIndex).toBe(4)
  expect(bench.state(1).commitIndex).toBe(3)
  bench.write(1)
  expect(bench.state(1).commitIndex).toBe(4)
  expect(bench.outcome(1, 'a')).toBe('committed')
})

test('row 25: on a full disk a leader hands over, and is no candidate until a write has succeeded', () => {
  const bench = trio()
  bench.node(1).slow = true
  bench.propose(1, 'a')
  bench.deliver()
  bench.fail(1, 'full')
  expect(bench.outcome(1, 'a')).toBe('unknown')
  expect(bench.state(1).role).toBe('follower')
  bench.deliver()
  expect([2, 3].filter((id) => bench.state(id).role === 'leader')).toHaveLength(1)
  bench.stop(3)
  bench.pass(30)
  // Each time it tries, the disk is full yet.
  for (let second = 0; second < 30; second++) {
    bench.pass(1000)
    bench.fail(1, 'full')
    expect(bench.state(1).role).toBe('follower')
  }
  bench.pass(6000)
  expect(bench.node(1).writes).toHaveLength(1)
  bench.node(1).slow = false
  bench.write(1)
  bench.pass(6000)
  const leader = [1, 2].find((id) => bench.state(id).role === 'leader')
  expect(leader).toBeDefined()
  expect(bench.state(1).log.entries).toEqual(bench.state(2).log.entries)
  expect(bench.node(1).stored.entries).toEqual(bench.state(1).log.entries)
})

test('row 25: what a full disk did not take is promised to nobody', () => {
  const bench = trio()
  bench.node(2).slow = true
  bench.propose(1, 'a')
  bench.deliver()
  bench.fail(2, 'full')
  bench.node(2).slow = false
  const before = bench.said.length
  bench.pass(1000)
  const said = bench.said.slice(before).filter(({ from }) => from === 2)
  expect(said.some(({ kind }) => kind === 'heartbeat-response')).toBe(true)
  expect(said.every((message) => message.kind !== 'append-entries-response')).toBe(true)
  bench.pass(6000)
  expect(bench.state(2).lastApplied).toBe(bench.state(1).commitIndex)
})

test('row 25: after an I/O error the process ends, and says nothing more', () => {
  const bench = trio()
  bench.node(1).slow = true
  bench.propose(1, 'a')
  bench.fail(1, 'io')
  expect(bench.node(1).effects.at(-1)?.kind).toBe('exit')
  expect(bench.outcome(1, 'a')).toBe('unknown')
  expect(bench.step(1, { kind: 'wake' })).toEqual([])
})

test('row 25: heartbeats and their answers wait for no disk; a leader whose disk stands still hands over', () => {
  const bench = trio()
  for (const id of [1, 2]) bench.node(id).slow = true
  bench.propose(1, 'a')
  bench.pass(1500)
  expect(bench.state(1).role).toBe('leader')
  const beats = bench.said.filter(({ kind }) => kind === 'heartbeat-response')
  expect(beats.filter(({ from }) => from === 2).length).toBeGreaterThan(5)
  bench.pass(1000)
  expect(bench.state(1).role).toBe('follower')
  // With two disks that stand still no vote can be kept.
  bench.pass(3000)
  expect([1, 2, 3].some((id) => bench.state(id).role === 'leader')).toBe(false)
  bench.node(2).slow = false
  bench.write(2)
  bench.pass(5000)
  const leader = [2, 3].find((id) => bench.state(id).role === 'leader')
  expect(leader).toBeDefined()
  expect(bench.node(1).raft.status(bench.state(1).now).disk).toBe('stalled')
  bench.node(1).slow = false
  bench.write(1)
  bench.pass(3000)
  for (const id of [1, 2, 3]) expect(bench.state(id).lastApplied).toBe(bench.state(leader ?? 0).commitIndex)
})

test('row 25: a disk that stands still fills no memory with answers', () => {
  const bench = trio()
  bench.node(2).slow = true
  bench.propose(1, 'a')
  bench.pass(60_000)
  expect(bench.state(2).disk.held.length).toBeLessThan(10)
})
