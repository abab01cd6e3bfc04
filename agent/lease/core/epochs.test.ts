/** Voters, holders and candidates of different epochs among each other. */
import { quarantineMs } from '@lvsm/base'
import { NUMBERS_OF_EPOCH } from '@lvsm/lease'
import { describe, expect, test } from 'vitest'
import { about, Bench, claim, followed, ready, timing } from './fixture.ts'

const TRIO = ['dir1', 'dir2', 'rs1']
const state = (epoch: number) => ({ limitMs: timing.leaseMs, highWater: 0, standby: false, epoch })
const FIRST = NUMBERS_OF_EPOCH + 1

function node(name: string, epoch: number, voters: readonly string[] = TRIO): Bench {
  const bench = new Bench({ view: followed(name, epoch, voters), state: state(epoch) })
  bench.begin()
  return bench
}
/** It acts on epoch 3 at once. */
function move(bench: Bench, voters: readonly string[]): void {
  for (const name of ['dir1', 'dir2', 'rs1', 'rs2'])
    if (name !== bench.view.node) bench.heartbeat(name, [], { epoch: 2, nextEpoch: 3 })
  bench.give({ kind: 'view', view: followed(bench.view.node, 3, voters) })
  expect(bench.core.status(bench.now).epoch).toBe(3)
}

describe('a voter', () => {
  const asks = (rs1: Bench, from: string, epoch: number, number: number) => {
    rs1.sent.splice(0)
    rs1.hear(from, { kind: 'request', ...about, epoch, leaseMs: 350, number })
    return rs1.sent.flatMap(({ message }) => (message.kind === 'ack' || message.kind === 'busy' ? [message] : []))[0]
  }
  test.each([1, 3])('in epoch 2 refuses a request of epoch %d, and tells its own, but no number', (epoch) => {
    const rs1 = node('rs1', 2)
    asks(rs1, 'dir2', 2, FIRST)
    expect(asks(rs1, 'dir1', epoch, 3 * NUMBERS_OF_EPOCH)).toMatchObject({
      kind: 'busy',
      reason: 'epoch',
      epoch: 2,
      highWater: 0,
    })
  })
  test('keeps what it lent when it moves on, and renews it there by its number', () => {
    const rs1 = node('rs1', 2)
    expect(asks(rs1, 'dir1', 2, FIRST)).toMatchObject({ kind: 'ack' })
    move(rs1, ['dir1', 'dir2', 'rs1', 'rs2'])
    expect(asks(rs1, 'dir2', 3, 3 * NUMBERS_OF_EPOCH)).toMatchObject({ kind: 'busy', reason: 'held' })
    expect(asks(rs1, 'dir1', 3, FIRST)).toMatchObject({ kind: 'ack' })
  })
  test('takes a new number only above those of the epochs before, whatever it remembers', () => {
    const rs1 = node('rs1', 3)
    expect(asks(rs1, 'dir1', 3, 2 * NUMBERS_OF_EPOCH)).toMatchObject({
      reason: 'number',
      highWater: 2 * NUMBERS_OF_EPOCH,
    })
    expect(asks(rs1, 'dir1', 3, 2 * NUMBERS_OF_EPOCH + 1)).toMatchObject({ kind: 'ack' })
  })
  test('waits for no lease to end after a step: it lends anew at once', () => {
    const rs1 = node('rs1', 2)
    move(rs1, ['dir1', 'rs1'])
    expect(asks(rs1, 'dir1', 3, 2 * NUMBERS_OF_EPOCH + 1)).toMatchObject({ kind: 'ack' })
  })
})

describe('a holder', () => {
  /** It owns the group, by its own vote and that of rs1. */
  function owner(voters: readonly string[] = TRIO): Bench {
    const dir1 = node('dir1', 2, voters)
    const others = voters.filter((name) => name !== 'dir1')
    dir1.live(2000, others, () => dir1.give(ready()))
    expect(dir1.role()).toBe('owner')
    return dir1
  }
  test('keeps its deadline when it moves on, and asks in the new epoch next', () => {
    const dir1 = owner()
    const [before] = dir1.core.localLeases()
    move(dir1, ['dir1', 'rs1'])
    expect(dir1.core.localLeases()[0]?.until).toBe(before?.until)
    dir1.sent.splice(0)
    dir1.pass(200)
    expect(dir1.messages('request')[0]).toMatchObject({ to: ['rs1'], message: { epoch: 3 } })
  })
  test('counts an answer to an earlier send by the voters of that send, one that votes no more among them', () => {
    const dir1 = owner()
    dir1.sent.splice(0)
    dir1.pass(170)
    const [request] = dir1.messages('request')
    const [before] = dir1.core.localLeases()
    move(dir1, ['dir1', 'dir2'])
    const echo = { incarnation: 'one', sequence: request?.sequence ?? 0 }
    dir1.hear('rs1', { kind: 'ack', ...about, epoch: 2, echo, grantMs: 350, highWater: 0 })
    expect(dir1.core.localLeases()[0]?.until).toBeGreaterThan(before?.until ?? 0)
    dir1.hear('rs1', { kind: 'ack', ...about, epoch: 3, echo, grantMs: 350, highWater: 0 })
    expect(dir1.core.status(dir1.now).counters).toMatchObject({ 'drop-not-entitled': 1 })
  })
  test('renews under a number of the new epoch where a new voter demands it, however far that is', () => {
    const dir1 = owner(['dir1'])
    move(dir1, ['dir1', 'dir2'])
    dir1.sent.splice(0)
    dir1.pass(170)
    const [request] = dir1.messages('request')
    const echo = { incarnation: 'one', sequence: request?.sequence ?? 0 }
    const highWater = 2 * NUMBERS_OF_EPOCH + 1000
    dir1.hear('dir2', { kind: 'busy', ...about, epoch: 3, echo, reason: 'number', leftMs: 0, highWater })
    dir1.sent.splice(0)
    dir1.pass(50)
    expect(dir1.messages('request')[0]?.message.number).toBe(highWater + 1)
  })
  test('that is refused in a higher epoch keeps its lease, and its agent is told that there is a newer view', () => {
    const dir1 = owner()
    dir1.heartbeat('dir2', [], { epoch: 2 })
    dir1.effects.splice(0)
    const [before] = dir1.core.localLeases()
    const echo = { incarnation: 'one', sequence: dir1.sent.at(-1)?.sequence ?? 0 }
    dir1.hear('dir2', { kind: 'busy', ...about, epoch: 5, echo, reason: 'epoch', leftMs: 0, highWater: 0 })
    expect(dir1.core.localLeases()).toEqual([before])
    expect(dir1.effects).toContainEqual({ kind: 'claimed' })
    expect(dir1.core.status(dir1.now).newerEpoch).toBe(5)
    // Its last heartbeat was of the epoch before: it says nothing of whom it counts now.
    dir1.give({ kind: 'view', view: followed('dir1', 5, ['dir1', 'dir2']) })
    dir1.pass(11_000)
    expect([dir1.core.status(dir1.now).epoch, dir1.core.status(dir1.now).troubles]).toEqual([5, []])
  })
})

describe('what is heard of other epochs', () => {
  test('a voter or director in a higher one is news, once; a realserver is not', () => {
    const dir1 = node('dir1', 2)
    dir1.heartbeat('dir2', [], { epoch: 2 })
    dir1.heartbeat('rs2', [], { epoch: 2 })
    const news = (from: string, epoch: number) => {
      dir1.effects.splice(0)
      dir1.heartbeat(from, [], { epoch })
      return [dir1.effects.filter(({ kind }) => kind === 'claimed').length, dir1.core.status(dir1.now).newerEpoch]
    }
    expect(news('rs2', 9)).toEqual([0, undefined])
    expect(news('dir2', 4)).toEqual([1, 4])
    expect(news('dir2', 4)).toEqual([0, 4])
    dir1.give({ kind: 'view', view: followed('dir1', 4, TRIO) })
    expect(dir1.core.status(dir1.now).newerEpoch).toBeUndefined()
  })
  test('who counts other voters in the same epoch keeps this node from acting, who does so in another one does not', () => {
    const dir1 = node('dir1', 2)
    const troubles = (epoch: number) => {
      dir1.heartbeat('dir2', [], { epoch, voters: '0011223344556677' })
      return dir1.core.status(dir1.now).troubles.map(({ code }) => code)
    }
    expect([troubles(2), troubles(1), troubles(3)]).toEqual([['other-voters'], [], []])
  })
  test('a node that reads a file does not act beside those who follow coordinators, whatever they count', () => {
    const { followed: _, ...view } = followed('dir1', 1, TRIO)
    const dir1 = new Bench({ view })
    dir1.begin()
    dir1.heartbeat('dir2', [claim()], { epoch: 2 })
    expect(dir1.core.status(dir1.now).troubles).toMatchObject([
      {
        code: 'other-voters',
        message: expect.stringContaining('dir2 follows coordinators (epoch 2), and dir1 a file of its own'),
        hint: expect.stringContaining('let the agents of all nodes follow'),
      },
    ])
  })
  test('from a file to an epoch of other voters, leases of those before may live', () => {
    const { followed: _, ...file } = followed('dir1', 1, TRIO)
    const dir1 = new Bench({ view: file })
    dir1.begin()
    dir1.give({ kind: 'view', view: followed('dir1', 3, ['dir1']) })
    expect(dir1.core.status(dir1.now).epoch).toBe(3)
    expect(dir1.why()).toContain('the voters are new')
    dir1.live(quarantineMs(timing.leaseMs) + 500, [], () => dir1.give(ready()))
    expect(dir1.role()).toBe('owner')
  })
})
