/** A view of a higher epoch on its way into use: the disk first, then the others. */
import { quarantineMs } from '@lvsm/base'
import { describe, expect, test } from 'vitest'
import { LOST_STATE, NEW_STATE, NUMBERS_OF_EPOCH } from '@lvsm/lease'
import { about, Bench, claim, followed, timing } from './fixture.ts'

const TRIO = ['dir1', 'dir2', 'rs1']
const state = (epoch: number) => ({ limitMs: timing.leaseMs, highWater: 0, standby: false, epoch })
const epochOf = (bench: Bench): number | undefined => bench.core.status(bench.now).epoch
const codes = (bench: Bench): string[] => bench.core.status(bench.now).troubles.map(({ code }) => code)
/** A node that acts on epoch 2 of three voters. */
function at2(node = 'rs1'): Bench {
  const bench = new Bench({ view: followed(node, 2, TRIO), state: state(2) })
  bench.begin()
  return bench
}
/** The others say that they have epoch 3. */
const agree = (bench: Bench, ...names: string[]): void => {
  for (const name of names) bench.heartbeat(name, [], { epoch: 2, nextEpoch: 3 })
}
const said = (bench: Bench) => {
  bench.sent.splice(0)
  bench.pass(1000)
  const { epoch, nextEpoch } =
    bench.sent.flatMap(({ message }) => (message.kind === 'heartbeat' ? [message] : [])).at(-1) ?? {}
  return { epoch, nextEpoch }
}

describe('the disk first', () => {
  test('nothing of a view is acted on or told before the disk has its epoch; then it is', () => {
    const rs1 = at2()
    agree(rs1, 'dir1', 'dir2')
    rs1.holdsBack = (effect) => effect.kind === 'persist'
    rs1.give({ kind: 'view', view: { ...followed('rs1', 3, ['dir1', 'rs1']), groups: [] } })
    expect([epochOf(rs1), rs1.core.view()?.groups.length, said(rs1)]).toEqual([2, 1, { epoch: 2 }])
    rs1.answer()
    expect([epochOf(rs1), rs1.core.view()?.groups.length]).toEqual([3, 0])
    expect([rs1.disk?.epoch, rs1.keptView?.epoch]).toEqual([3, 3])
    expect(said(rs1)).toEqual({ epoch: 3 })
  })
  test('while it refuses the view before stays in use, and a trouble says so', () => {
    const rs1 = at2()
    agree(rs1, 'dir1', 'dir2')
    rs1.refuses = (effect) => effect.kind === 'persist'
    rs1.give({ kind: 'view', view: followed('rs1', 3, ['dir1', 'rs1']) })
    rs1.pass(10_000)
    expect([epochOf(rs1), said(rs1), codes(rs1)]).toEqual([2, { epoch: 2 }, ['state-not-kept']])
    rs1.refuses = () => false
    rs1.pass(1100)
    agree(rs1, 'dir1', 'dir2')
    rs1.pass(10)
    expect([epochOf(rs1), codes(rs1)]).toEqual([3, []])
  })
  test('the newest of several goes there', () => {
    const rs1 = at2()
    rs1.holdsBack = (effect) => effect.kind === 'persist'
    for (const epoch of [3, 4, 5]) rs1.give({ kind: 'view', view: followed('rs1', epoch, ['dir1', 'rs1']) })
    rs1.answer()
    rs1.answer()
    expect([rs1.disk?.epoch, rs1.held.length]).toEqual([5, 0])
    rs1.pass(11_000)
    expect(epochOf(rs1)).toBe(5)
  })
  test('a node without a view takes its first one by way of the disk too, and at once', () => {
    const rs1 = new Bench({ view: followed('rs1', 7, TRIO), state: NEW_STATE })
    rs1.holdsBack = (effect) => effect.kind === 'persist'
    rs1.give({ kind: 'view', view: rs1.view })
    expect([epochOf(rs1), rs1.core.view()]).toEqual([0, null])
    rs1.answer()
    expect([epochOf(rs1), rs1.disk?.epoch]).toEqual([7, 7])
  })
  test('a node without a view whose disk is full tries again', () => {
    const rs1 = new Bench({ view: followed('rs1', 7, TRIO), state: NEW_STATE })
    rs1.refuses = (effect) => effect.kind === 'persist'
    rs1.give({ kind: 'view', view: rs1.view })
    rs1.pass(5000)
    expect(epochOf(rs1)).toBe(0)
    rs1.refuses = () => false
    rs1.pass(1100)
    expect(epochOf(rs1)).toBe(7)
  })
  test('the first epoch, and a file of the node’s own, need no write', () => {
    const rs1 = new Bench({ view: followed('rs1', 1, TRIO) })
    rs1.holdsBack = (effect) => effect.kind === 'persist'
    rs1.give({ kind: 'view', view: rs1.view })
    expect(epochOf(rs1)).toBe(1)
  })
})

describe('never back', () => {
  test.each([
    ['in use', at2],
    ['on the disk of a predecessor', () => new Bench({ view: followed('rs1', 2, TRIO), state: state(2) })],
    [
      'on its way to the disk',
      () => {
        const rs1 = new Bench({ view: followed('rs1', 2, TRIO), state: state(1) })
        rs1.holdsBack = (effect) => effect.kind === 'persist'
        rs1.give({ kind: 'view', view: rs1.view })
        return rs1
      },
    ],
  ])('a view of a lower epoch than that %s is refused, and nothing of it is acted on', (_, make) => {
    const rs1 = make()
    const before = rs1.core.view()
    const older = { ...followed('rs1', 1, ['rs1']), revision: 9, groups: [] }
    expect(rs1.core.takes(older, rs1.now)).toBe(false)
    rs1.give({ kind: 'view', view: older })
    expect(rs1.core.view()).toBe(before)
    expect(codes(rs1)).toContain('older-epoch')
    expect(rs1.told.at(-1)?.reason).toBe(
      'refused a configuration of epoch 1: rs1 knows epoch 2, and votes could count twice if it went back',
    )
    rs1.give({ kind: 'view', view: { ...followed('rs1', 2, TRIO), revision: 9 } })
    expect(codes(rs1)).not.toContain('older-epoch')
  })
  test('what is acted on already may be said again while a newer one is on its way', () => {
    const rs1 = at2()
    rs1.holdsBack = (effect) => effect.kind === 'persist'
    rs1.give({ kind: 'view', view: followed('rs1', 3, TRIO) })
    rs1.give({ kind: 'view', view: rs1.view })
    expect(codes(rs1)).toEqual([])
    rs1.give({ kind: 'view', view: { ...rs1.view, revision: 9 } })
    expect([codes(rs1), rs1.core.view()?.revision], 'another of that epoch may not').toEqual([['older-epoch'], 2])
    rs1.answer()
    rs1.pass(11_000)
    expect(epochOf(rs1)).toBe(3)
  })
})

describe('a view that the disk has waits', () => {
  const patienceMs = 10_000
  test('for a majority of the new voters', () => {
    const dir1 = at2('dir1')
    dir1.give({ kind: 'view', view: followed('dir1', 3, TRIO) })
    dir1.pass(1000)
    expect([epochOf(dir1), said(dir1)]).toEqual([2, { epoch: 2, nextEpoch: 3 }])
    agree(dir1, 'rs2')
    expect(epochOf(dir1), 'who does not vote').toBe(2)
    agree(dir1, 'dir2')
    expect(epochOf(dir1)).toBe(3)
    expect(said(dir1)).toEqual({ epoch: 3 })
  })
  test('for whoever holds a group, until that lease has run out', () => {
    const rs1 = at2()
    rs1.heartbeat('dir2', [claim({ holds: true, number: 1, leftMs: 300 })], { epoch: 2 })
    rs1.give({ kind: 'view', view: followed('rs1', 3, TRIO) })
    agree(rs1, 'dir1')
    expect(epochOf(rs1)).toBe(2)
    rs1.pass(3000)
    expect(epochOf(rs1)).toBe(3)
  })
  test('no longer than the others may need', () => {
    const dir1 = at2('dir1')
    dir1.give({ kind: 'view', view: followed('dir1', 3, TRIO) })
    dir1.pass(patienceMs - 10)
    expect(epochOf(dir1)).toBe(2)
    dir1.pass(20)
    expect(epochOf(dir1)).toBe(3)
  })
  test('for nobody where the new majority is this node alone', () => {
    const dir1 = at2('dir1')
    dir1.give({ kind: 'view', view: followed('dir1', 3, ['dir1']) })
    expect(epochOf(dir1)).toBe(3)
  })
  test('for a new voter that has just started: as long as it is silent', () => {
    const dir1 = at2('dir1')
    dir1.give({ kind: 'view', view: followed('dir1', 3, ['dir1', 'rs1']) })
    const hears = (silentMs: number): void =>
      dir1.heartbeat('rs1', [], { epoch: 2, nextEpoch: 3, ...(silentMs > 0 ? { silentMs } : {}) })
    for (let ms = 20_000; ms > 0; ms -= 500) {
      hears(ms)
      expect(epochOf(dir1)).toBe(2)
      dir1.pass(500)
    }
    expect(epochOf(dir1)).toBe(3)
  })
  test('for no longer than any voter can be silent, whatever one says', () => {
    const dir1 = at2('dir1')
    const began = dir1.now
    dir1.give({ kind: 'view', view: followed('dir1', 3, ['dir1', 'rs1']) })
    while (epochOf(dir1) === 2 && dir1.now < began + 100_000) {
      dir1.heartbeat('rs1', [], { epoch: 2, nextEpoch: 3, silentMs: 3_600_000 })
      dir1.pass(500)
    }
    expect(dir1.now - began).toBeCloseTo(10_000 + quarantineMs(30_000), -3)
  })
  test('and so does a new voter whose own silence is not over, which says so', () => {
    const view = followed('rs2', 2, TRIO)
    const rs2 = new Bench({ view, state: { ...state(2), limitMs: 19_000 } })
    rs2.give({ kind: 'view', view })
    rs2.give({ kind: 'view', view: followed('rs2', 3, ['dir1', 'rs2']) })
    agree(rs2, 'dir1')
    expect(said(rs2)).toMatchObject({ epoch: 2, nextEpoch: 3 })
    const heartbeat = rs2.sent.flatMap(({ message }) => (message.kind === 'heartbeat' ? [message] : [])).at(-1)
    expect(heartbeat?.silentMs).toBeCloseTo(quarantineMs(19_000) - 1000, -3)
    for (let ms = 1000; ms < 19_000; ms += 500) {
      expect(epochOf(rs2)).toBe(2)
      rs2.pass(500)
      agree(rs2, 'dir1')
    }
    rs2.pass(100)
    expect([epochOf(rs2), said(rs2)]).toEqual([3, { epoch: 3 }])
  })
  test('a newer revision of that epoch takes its place, and its time', () => {
    const dir1 = at2('dir1')
    dir1.give({ kind: 'view', view: followed('dir1', 3, TRIO) })
    dir1.pass(patienceMs - 100)
    dir1.give({ kind: 'view', view: { ...followed('dir1', 3, TRIO), revision: 99 } })
    dir1.pass(200)
    expect(dir1.core.view()?.revision).toBe(99)
  })
})

describe('a lost state', () => {
  const asks = (rs1: Bench): string | undefined => {
    const { epoch = 0 } = rs1.core.view() ?? {}
    rs1.sent.splice(0)
    const number = (epoch - 1) * NUMBERS_OF_EPOCH + 5000
    rs1.hear('dir1', { kind: 'request', ...about, epoch, leaseMs: 350, number })
    return rs1.sent.map(({ message }) => message.kind).find((kind) => kind === 'ack' || kind === 'busy')
  }
  function lost(view = followed('rs1', 6, TRIO)): Bench {
    const rs1 = new Bench({ view, state: LOST_STATE, kept: false })
    rs1.give({ kind: 'view', view })
    rs1.pass(quarantineMs(30_000) + 10)
    return rs1
  }
  test('lends nothing to those who follow coordinators, over restarts too, until these have confirmed the epoch', () => {
    const rs1 = lost()
    expect([asks(rs1), codes(rs1), rs1.core.status(rs1.now).epochLost]).toEqual(['busy', ['epoch-lost'], true])
    expect(rs1.disk).toMatchObject({ epoch: 6, epochLost: true })
    const again = new Bench({ view: rs1.view, state: rs1.disk ?? NEW_STATE })
    again.begin()
    expect(asks(again)).toBe('busy')
    again.give({ kind: 'view', view: { ...again.view, confirmed: true } })
    // The disk hears of it at once, before anything is lent: a restart need not ask again.
    expect(again.disk?.epochLost).toBeUndefined()
    expect([asks(again), codes(again)]).toEqual(['ack', []])
  })
  test('is not made good by a confirmation whose view is not in use yet', () => {
    const rs1 = lost()
    rs1.holdsBack = (effect) => effect.kind === 'persist'
    rs1.give({ kind: 'view', view: { ...followed('rs1', 8, TRIO), confirmed: true } })
    expect(asks(rs1)).toBe('busy')
    rs1.answer()
    expect(asks(rs1), 'it waits for the others').toBe('busy')
    expect(said(rs1), 'who need not wait for it').toEqual({ epoch: 6, nextEpoch: 8 })
    rs1.pass(11_000)
    expect([epochOf(rs1), asks(rs1)]).toEqual([8, 'ack'])
  })
  test('is made good by whatever comes after what was confirmed, but by nothing before it', () => {
    const rs1 = lost()
    rs1.holdsBack = (effect) => effect.kind === 'persist'
    rs1.give({ kind: 'view', view: { ...followed('rs1', 8, TRIO), confirmed: true } })
    rs1.give({ kind: 'view', view: { ...followed('rs1', 8, TRIO), revision: 99 } })
    rs1.give({ kind: 'view', view: rs1.view })
    expect(asks(rs1)).toBe('busy')
    rs1.answer()
    rs1.pass(11_000)
    expect([rs1.core.view()?.revision, asks(rs1)]).toEqual([99, 'ack'])
  })
  test('of a node that does not vote keeps nobody waiting', () => {
    const rs2 = lost(followed('rs2', 6, TRIO))
    rs2.give({ kind: 'view', view: followed('rs2', 8, TRIO) })
    expect(said(rs2)).toEqual({ epoch: 6, nextEpoch: 8 })
  })
  test('of a node that reads a file of its own is made good by its silence', () => {
    const { followed: _, ...view } = followed('rs1', 1, TRIO)
    const rs1 = new Bench({ view, state: LOST_STATE, kept: false })
    rs1.give({ kind: 'view', view })
    rs1.pass(quarantineMs(30_000) + 10)
    rs1.hear('dir1', { kind: 'request', ...about, leaseMs: 350, number: 5 })
    expect(rs1.messages('ack')).toHaveLength(1)
    expect(codes(rs1)).toEqual([])
  })
})
