import { fenceMs, holdMs, instant, ROUNDING_MS } from '@lvsm/base'
import { expect, test } from 'vitest'
import { FenceElement } from './fence.ts'

const timing = { keepaliveMs: 100, leaseMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 }
const full = fenceMs(timing)
const deadline = instant(1000 + holdMs(350))

function opened(): FenceElement {
  const element = new FenceElement()
  element.opening(instant(1000))
  element.opened('done', 100, instant(1003))
  return element
}

test('an opening has no bound until it is acknowledged', () => {
  const element = new FenceElement()
  element.opening(instant(1000))
  expect(element.latest).toBe(Number.POSITIVE_INFINITY)
  element.opened('done', 100, instant(1003))
  expect(element.latest).toBe(1103 + ROUNDING_MS)
})

test('an opening that failed, or of which nobody knows, must be closed before the next', () => {
  for (const result of ['refused', 'unknown'] as const) {
    const element = new FenceElement()
    element.opening(instant(1000))
    element.opened(result, 100, instant(1003))
    expect(element.isOpen(instant(1_000_000)), 'it may be').toBe(true)
    expect(() => element.opening(instant(5000))).toThrow('known to be closed')
    element.closing()
    expect(element.isClosed(instant(5000)), 'a call is out').toBe(false)
    element.closed('done')
    expect(element.isClosed(instant(5000))).toBe(true)
  }
})

test('a closing that was not acknowledged closes nothing', () => {
  for (const result of ['refused', 'unknown'] as const) {
    const element = opened()
    const { latest } = element
    element.closing()
    element.closed(result)
    expect(element.latest).toBe(latest)
    expect(element.isClosed(instant(latest - 1))).toBe(false)
    expect(element.isClosed(latest), 'it ran out').toBe(true)
  }
})

test('what a predecessor left is open for who knows how long', () => {
  const element = new FenceElement()
  expect(element.isClosed(instant(0))).toBe(true)
  element.distrust()
  expect([element.isOpen(instant(1e9)), element.isClosed(instant(1e9))]).toEqual([true, false])
})

test('a renewal ends before the deadline however late the kernel does it', () => {
  const element = opened()
  const timeoutMs = element.renewalMs(instant(1003), deadline, full) ?? 0
  expect(timeoutMs).toBeGreaterThan(100)
  expect(element.latest + timeoutMs).toBeLessThanOrEqual(deadline)
  element.renewing(timeoutMs)
  expect(element.latest, 'while it is out').toBe(instant(1103 + ROUNDING_MS + timeoutMs + ROUNDING_MS))
  element.renewed('done', timeoutMs, instant(2000))
  expect(element.latest, 'done late: the element was alive when it was renewed').toBeLessThanOrEqual(
    deadline + ROUNDING_MS,
  )
})

test('one that was done soon ends as long after its acknowledgement as it was for', () => {
  const element = opened()
  element.renewing(200)
  element.renewed('done', 200, instant(1010))
  expect(element.latest).toBe(1210 + ROUNDING_MS)
})

test('is never for longer than it was asked for, nor for less than the kernel can count', () => {
  const element = opened()
  expect(element.renewalMs(instant(1003), instant(9000), 250)).toBe(250)
  expect(element.renewalMs(instant(1110), instant(element.latest + ROUNDING_MS - 1), 250)).toBeNull()
  expect(element.renewalMs(instant(1110), instant(element.latest + ROUNDING_MS), 250)).toBe(ROUNDING_MS)
})

test('no renewal after the element may have ended, none that gains nothing, none while one is out', () => {
  const element = opened()
  expect(element.renewalMs(element.latest, deadline, full)).toBeNull()
  expect(element.renewalMs(instant(element.latest - 1), deadline, full)).not.toBeNull()
  expect(element.renewalMs(instant(1003), instant(1120), full)).toBeNull()
  expect(element.carryMs(instant(1003), instant(1120), full), 'its tables are replaced: any is a gain').not.toBeNull()
  element.renewing(200)
  expect([element.renewalMs(instant(1004), deadline, full), element.carryMs(instant(1004), deadline, full)]).toEqual([
    null,
    null,
  ])
  expect(() => element.renewing(200)).toThrow('one renewal at a time')
})

test('a refused renewal leaves it as it was; one of which nobody knows counts as done', () => {
  const element = opened()
  const { latest } = element
  element.renewing(200)
  element.renewed('refused', 200, instant(1010))
  expect(element.latest).toBe(latest)
  element.renewing(150)
  element.renewed('unknown', 150, instant(1020))
  expect(element.latest).toBe(latest + 150 + ROUNDING_MS)
  expect(element.carryMs(instant(1030), instant(latest + 200), full), 'the next one has what that one left').toBe(
    200 - 150 - ROUNDING_MS,
  )
})

test('each call has one answer', () => {
  const element = opened()
  expect(() => element.closed('done')).toThrow('one answer for each call')
  element.closing()
  element.closing()
  expect(element.out).toBe(2)
  element.closed('done')
  expect([element.out, element.isClosed(instant(1050))]).toEqual([1, false])
})
