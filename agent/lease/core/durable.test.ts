/** What is kept on disk, when it is written, and what waits for it. */
import { LONGEST_LEASE_MS, quarantineMs } from '@lvsm/base'
import { LOST_STATE, NEW_STATE } from '@lvsm/lease'
import { describe, expect, test } from 'vitest'
import { about, Bench, timing, trio } from './fixture.ts'

const asks = (rs1: Bench, number = 1): number | undefined => {
  rs1.sent.splice(0)
  rs1.hear('dir1', { kind: 'request', ...about, leaseMs: 9000, number })
  return rs1.messages('ack')[0]?.message.grantMs
}
const withLease = (leaseMs: number) => ({ ...trio('rs1'), timing: { ...timing, leaseMs } })

describe('a voter', () => {
  test('that was set up lends as soon as its disk knows for how long', () => {
    const rs1 = new Bench({ view: trio('rs1'), state: NEW_STATE })
    rs1.holdsBack = (effect) => effect.kind === 'persist'
    rs1.give({ kind: 'view', view: rs1.view })
    rs1.pass(10)
    expect(asks(rs1)).toBeUndefined()
    rs1.answer()
    expect(rs1.disk).toMatchObject({ limitMs: timing.leaseMs })
    expect(asks(rs1)).toBe(timing.leaseMs)
  })
  test('that lost its state is silent for the longest legal lease, and writes that down first', () => {
    const rs1 = new Bench({ view: trio('rs1'), state: LOST_STATE, kept: false })
    rs1.give({ kind: 'view', view: rs1.view })
    expect(rs1.disk).toMatchObject({ limitMs: LONGEST_LEASE_MS })
    expect(rs1.core.status(rs1.now).quarantineMs).toBeCloseTo(quarantineMs(LONGEST_LEASE_MS), 3)
    const lost = (): boolean => rs1.core.status(rs1.now).troubles.some(({ code }) => code === 'state-lost')
    rs1.pass(quarantineMs(LONGEST_LEASE_MS) - 1)
    expect(asks(rs1)).toBeUndefined()
    expect(lost(), 'for as long it is a trouble').toBe(true)
    rs1.pass(2)
    expect(lost()).toBe(false)
    expect(asks(rs1)).toBe(timing.leaseMs)
    expect(rs1.disk, 'nothing longer lives by now').toMatchObject({ limitMs: timing.leaseMs })
  })
  test('lends the longer lease of a new view only when it is on disk', () => {
    const rs1 = new Bench({ view: trio('rs1') })
    rs1.begin()
    rs1.holdsBack = (effect) => effect.kind === 'persist'
    rs1.give({ kind: 'view', view: withLease(1000) })
    expect(asks(rs1)).toBe(350)
    rs1.answer()
    expect(asks(rs1)).toBe(1000)
  })
  test('lends the shorter lease of a new view at once, and writes it when no longer one can live', () => {
    const rs1 = new Bench({ view: trio('rs1') })
    rs1.begin()
    const began = rs1.now
    rs1.give({ kind: 'view', view: withLease(200) })
    expect(asks(rs1)).toBe(200)
    rs1.runTo(began + quarantineMs(350) - 1)
    expect(rs1.disk).toMatchObject({ limitMs: 350 })
    rs1.runTo(began + quarantineMs(350) + 1)
    expect(rs1.disk).toMatchObject({ limitMs: 200 })
  })
  test('whose disk is full goes on with what it has, says so, and tries again until it succeeds', () => {
    const rs1 = new Bench({ view: trio('rs1') })
    rs1.begin()
    rs1.refuses = (effect) => effect.kind === 'persist'
    rs1.give({ kind: 'view', view: withLease(1000) })
    rs1.pass(5000)
    expect(asks(rs1)).toBe(350)
    expect(rs1.core.status(rs1.now).troubles).toMatchObject([{ code: 'state-not-kept', severity: 'critical' }])
    const tries = rs1.effects.filter(({ kind }) => kind === 'persist').length
    expect(tries).toBeGreaterThan(4)
    expect(tries, 'but not without end').toBeLessThan(10)
    rs1.refuses = () => false
    rs1.pass(1100)
    expect(asks(rs1)).toBe(1000)
    expect(rs1.core.status(rs1.now).troubles).toEqual([])
  })
  test('with one write under way begins no other', () => {
    const rs1 = new Bench({ view: trio('rs1') })
    rs1.begin()
    rs1.holdsBack = (effect) => effect.kind === 'persist'
    rs1.give({ kind: 'view', view: withLease(1000) })
    rs1.give({ kind: 'standby', on: true, reason: '' })
    rs1.give({ kind: 'view', view: withLease(2000) })
    expect(rs1.held).toHaveLength(1)
    rs1.answer()
    rs1.answer()
    expect(rs1.disk).toMatchObject({ limitMs: 2000, standby: true })
  })
  test('writes nothing where nothing changed', () => {
    const rs1 = new Bench({ view: trio('rs1') })
    rs1.begin()
    const before = rs1.effects.filter(({ kind }) => kind === 'persist').length
    for (let number = 1; number < 100; number++) asks(rs1, number)
    rs1.pass(10_000)
    expect(rs1.effects.filter(({ kind }) => kind === 'persist')).toHaveLength(before)
  })
  test('reserves lease numbers ahead of their use', () => {
    const rs1 = new Bench({ view: trio('rs1') })
    rs1.begin()
    expect(rs1.disk?.highWater).toBe(1000)
    asks(rs1, 700)
    expect(rs1.disk?.highWater).toBe(1700)
  })
})

test('standby is on disk, and off again', () => {
  const dir1 = new Bench({ view: trio('dir1') })
  dir1.begin()
  for (const on of [true, false]) {
    dir1.give({ kind: 'standby', on, reason: 'maintenance' })
    expect(dir1.disk).toMatchObject({ standby: on })
  }
})

test('a node that was in standby starts in standby', () => {
  const dir1 = new Bench({ view: trio('dir1'), state: { limitMs: 350, highWater: 0, standby: true } })
  dir1.begin()
  expect(dir1.core.status(dir1.now).standby).toBe(true)
  dir1.live(2000, ['rs1', 'dir2'])
  expect(dir1.role()).not.toBe('owner')
  dir1.give({ kind: 'standby', on: false, reason: '' })
  dir1.live(1000, ['rs1', 'dir2'])
  expect(dir1.role()).toBe('owner')
})

test('a node that is no voter is in no quarantine', () => {
  const rs2 = new Bench({ view: { ...trio('rs2'), node: 'rs2' }, state: LOST_STATE, kept: false })
  rs2.give({ kind: 'view', view: rs2.view })
  expect(rs2.core.status(rs2.now).quarantineMs).toBe(0)
})
