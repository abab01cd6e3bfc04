import { instant } from '@lvsm/base'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createAlarm, oncePerTurn } from './alarm.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('rings once at the last time asked for, whether that moved to later or to sooner', () => {
  const rung: number[] = []
  const alarm = createAlarm(
    () => instant(performance.now()),
    () => rung.push(performance.now()),
  )
  const began = performance.now()
  alarm.set(instant(began + 50))
  alarm.set(instant(began + 200))
  vi.advanceTimersByTime(199)
  expect(rung).toEqual([])
  vi.advanceTimersByTime(1000)
  expect(rung).toEqual([began + 200])
  alarm.set(instant(began + 5000))
  alarm.set(instant(began + 2000))
  vi.advanceTimersByTime(5000)
  expect(rung).toEqual([began + 200, began + 2000])
  alarm.set(instant(began + 9000))
  alarm.stop()
  vi.advanceTimersByTime(9000)
  expect(rung).toHaveLength(2)
})

test('many calls in one turn are one piece of work, and a later one is another', () => {
  const work = vi.fn<() => void>()
  const soon = oncePerTurn(work)
  soon()
  soon()
  expect(work).not.toHaveBeenCalled()
  vi.runAllTimers()
  expect(work).toHaveBeenCalledOnce()
  soon()
  vi.runAllTimers()
  expect(work).toHaveBeenCalledTimes(2)
})
