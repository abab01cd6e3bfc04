import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ReplayWindow, WINDOW } from './window.ts'

test('takes each sequence once, out of order too', () => {
  const window = new ReplayWindow()
  expect([5, 3, 5, 4, 3, 0, 0].map((sequence) => window.take(sequence))).toEqual([
    'fresh',
    'fresh',
    'seen',
    'fresh',
    'seen',
    'fresh',
    'seen',
  ])
})

test('is as wide as it says', () => {
  const window = new ReplayWindow()
  window.take(5000)
  expect(window.take(5001 - WINDOW)).toBe('fresh')
  expect(window.take(5001 - WINDOW)).toBe('seen')
  expect(window.take(5000 - WINDOW)).toBe('stale')
  expect(window.take(5000 + WINDOW)).toBe('fresh')
  expect(window.take(5000)).toBe('stale')
})

test('what is stale takes nothing: it shares its place in the ring with a later one', () => {
  const window = new ReplayWindow()
  const ring = WINDOW + 32
  window.take(5000)
  expect([window.take(4990 - ring), window.take(4990)]).toEqual(['stale', 'fresh'])
})

test('a look takes nothing', () => {
  const window = new ReplayWindow()
  expect([window.look(7), window.look(7), window.take(7), window.look(7)]).toEqual(['fresh', 'fresh', 'fresh', 'seen'])
})

test('agrees with a list of all that was taken, however far the sequences jump', () => {
  const jump = fc.oneof(
    fc.integer({ min: -1100, max: 1100 }),
    fc.integer({ min: -70, max: 70 }),
    fc.nat({ max: 2 ** 41 }),
  )
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 41 }), fc.array(jump, { maxLength: 200 }), (first, jumps) => {
      const window = new ReplayWindow()
      const taken = new Set<number>()
      let [highest, sequence] = [-1, first]
      for (const step of [0, ...jumps]) {
        sequence = Math.max(0, (step > 1100 ? highest : sequence) + step)
        const wanted = taken.has(sequence) ? 'seen' : 'fresh'
        expect(window.take(sequence)).toBe(sequence <= highest - WINDOW ? 'stale' : wanted)
        taken.add(sequence)
        highest = Math.max(highest, sequence)
      }
    }),
    { numRuns: 300 },
  )
})
