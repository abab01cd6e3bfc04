import { after, instant, type Instant, seededRandom } from '@lvsm/base'
import { expect, it } from 'vitest'
import { doneInMs, noteLeft, type Waning } from './waning.ts'

const START = instant(5000)
/** Of so many as were left at each of these milliseconds. */
const looked = (...looks: readonly (readonly [ms: number, left: number])[]): Waning =>
  looks.reduce<Waning>((waning, [ms, left]) => noteLeft(waning, after(START, ms), left), [])

it('is known when enough have ended in enough time, and of nobody who is left at once', () => {
  expect(doneInMs([])).toBeNull()
  expect(doneInMs(looked([0, 100]))).toBeNull()
  expect(doneInMs(looked([0, 100], [5000, 20])), 'too short a time').toBeNull()
  expect(doneInMs(looked([0, 100], [60_000, 98])), 'too few').toBeNull()
  // Half of them in 20 s: a mean of 28.9 s, and the last of 50 after 4.5 times that.
  expect(doneInMs(looked([0, 100], [20_000, 50]))).toBe(130_000)
  expect(doneInMs(looked([0, 4], [1000, 0]))).toBe(0)
})
it('is not known where it would be far beyond what was seen', () =>
  expect(doneInMs(looked([0, 5000], [10_000, 4990]))).toBeNull())
it('is not known after somebody came, until enough have ended again', () => {
  const came = [[0, 100] as const, [20_000, 50] as const, [22_000, 51] as const]
  expect(doneInMs(looked(...came))).toBeNull()
  expect(doneInMs(looked(...came, [42_000, 25]))).not.toBeNull()
})
it('goes by what was lately: short connections have ended before', () => {
  const fast = looked([0, 1000], [10_000, 100])
  expect(doneInMs(fast)).toBeLessThan(60_000)
  const slow = [20, 60, 100, 140, 180].reduce(
    (waning, second, at) => noteLeft(waning, after(START, second * 1000), 100 - at),
    fast,
  )
  expect(doneInMs(slow) ?? Number.POSITIVE_INFINITY).toBeGreaterThan(600_000)
})
it('is near what comes, of connections that end independently of each other', () => {
  const random = seededRandom(7)
  const ratios = Array.from({ length: 200 }, () => {
    const ends = Array.from({ length: 200 }, () => -60_000 * Math.log(1 - random.next())).toSorted((a, b) => a - b)
    const left = (ms: number): number => ends.filter((end) => end > ms).length
    let waning: Waning = []
    for (let ms = 0; ms <= 60_000; ms += 1000) waning = noteLeft(waning, after(START, ms) satisfies Instant, left(ms))
    return (doneInMs(waning) ?? Number.NaN) / ((ends.at(-1) ?? 0) - 60_000)
  }).toSorted((a, b) => a - b)
  expect(ratios[100]).toBeGreaterThan(0.8)
  expect(ratios[100]).toBeLessThan(1.25)
  expect(ratios[10], 'nearly always within a half').toBeGreaterThan(0.5)
  expect(ratios[190]).toBeLessThan(2)
})
