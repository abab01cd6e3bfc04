import { fenceMs, holdMs, instant, ROUNDING_MS } from '@lvsm/base'
import { expect, test } from 'vitest'
import { FenceElement } from './fence.ts'

const timing = { keepaliveMs: 100, termMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 }
const full = fenceMs(timing)
const deadline = instant(1000 + holdMs(350))

function opened(): FenceElement {
  const element = new FenceElement()
  element.opening(instant(1000))
  element.opened(true, 100, instant(1003))
  return element
}

test('an opening has no bound until it is acknowledged', () => {
  const element = new FenceElement()
  element.opening(instant(1000))
  expect(element.latest).toBe(Number.POSITIVE_INFINITY)
  element.opened(true, 100, instant(1003))
  expect(element.latest).toBe(1103 + ROUNDING_MS)
})

test('an opening that failed must be closed before the next', () => {
  const element = new FenceElement()
  element.opening(instant(1000))
  element.opened(false, 100, instant(1003))
  expect(() => element.opening(instant(5000))).toThrow('known to be closed')
  element.closing()
  element.closed(true)
  expect(element.isClosed(instant(5000))).toBe(true)
})

test('a renewal ends before the deadline however late the kernel does it', () => {
  const element = opened()
  const timeoutMs = element.renewalMs(instant(1003), deadline, full) ?? 0
  expect(element.latest + timeoutMs).toBeLessThanOrEqual(deadline)
  element.renewing(timeoutMs)
  element.renewed(true, timeoutMs, instant(2000))
  expect(element.latest, 'done late: the element was alive when it was renewed').toBeLessThanOrEqual(
    deadline + ROUNDING_MS,
  )
})

test('no renewal after the element may have ended, none that gains nothing, none while one is out', () => {
  const element = opened()
  expect(element.renewalMs(instant(1200), deadline, full)).toBeNull()
  expect(element.renewalMs(instant(1003), instant(1120), full)).toBeNull()
  element.renewing(200)
  expect(element.renewalMs(instant(1004), deadline, full)).toBeNull()
})

test('a refused renewal leaves it as it was', () => {
  const element = opened()
  const { latest } = element
  element.renewing(200)
  element.renewed(false, 200, instant(1010))
  expect(element.latest).toBe(latest)
})
