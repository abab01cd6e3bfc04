import { expect, test } from 'vitest'
import { Arrivals } from './arrivals.ts'

test('a state is there until the disk has it, however often it is asked for', () => {
  const arrivals = new Arrivals<string>()
  arrivals.put(30, 'a')
  expect([arrivals.take(30), arrivals.take(30)]).toEqual(['a', 'a'])
  arrivals.installed(30)
  expect([arrivals.take(30), arrivals.size]).toEqual([null, 0])
})

test('what waits for the disk outlives all that comes in meanwhile, and a later one takes its place', () => {
  const arrivals = new Arrivals<string>()
  arrivals.put(30, 'a')
  arrivals.take(30)
  for (let index = 31; index <= 60; index++) arrivals.put(index, 'later')
  expect([arrivals.take(30), arrivals.size]).toEqual(['a', 3])
  expect([arrivals.take(60), arrivals.take(59), arrivals.take(40)]).toEqual(['later', 'later', null])
  arrivals.installed(60)
  expect(arrivals.size).toBe(0)
})

test('what came in after the one that the disk has now stays', () => {
  const arrivals = new Arrivals<string>()
  arrivals.put(30, 'a')
  arrivals.take(30)
  arrivals.put(40, 'b')
  arrivals.installed(30)
  expect(arrivals.take(40)).toBe('b')
})
