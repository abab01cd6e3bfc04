import { expect, test } from 'vitest'
import { remembered } from './remembered.ts'

test('is read once, again when it was forgotten, and again after a while', () => {
  let [now, reads] = [0, 0]
  const value = remembered(
    () => ++reads,
    () => now,
  )
  expect(value.known()).toBeUndefined()
  expect([value.get(), value.known(), value.get()]).toEqual([1, 1, 1])
  value.forget()
  expect(value.get()).toBe(2)
  now = 4999
  expect(value.get()).toBe(2)
  now = 5000
  expect(value.get()).toBe(3)
})

test('a reading that fails is tried again', () => {
  let broken = true
  const value = remembered(
    () => {
      if (broken) throw new Error('EAGAIN')
      return 'well'
    },
    () => 0,
  )
  expect(() => value.get()).toThrow('EAGAIN')
  broken = false
  expect(value.get()).toBe('well')
})
