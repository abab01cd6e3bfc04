import { expect, test } from 'vitest'
import { againOf, LEAST_TIMES, longestAgo, mayBeAgain } from './again.ts'
import { instant } from './time.ts'

const at = (...seconds: number[]) => seconds.map((one) => instant(one * 1000))
const said = (times: readonly number[], now: number) => againOf(at(...times), instant(now * 1000), LEAST_TIMES)

test('twice is a slip; three times in a minute are none, and end with it', () => {
  expect(said([0, 5], 6)).toBeNull()
  expect(said([0, 5, 50], 51)).toEqual({ often: '3 times or more within the last minute' })
  expect(said([0, 5, 50], 61)).toBeNull()
})

test.each([31, 60, 300, 3600])(
  'every %i s is again and again, until it stays away for three of its intervals',
  (every) => {
    expect(said([0, every], every + 1)).toBeNull()
    const times = [0, every, 2 * every]
    expect(said(times, 2 * every + 1)?.often).toMatch(/at intervals of about /)
    expect(said(times, 3 * every + 1)).not.toHaveProperty('pastMs')
    expect(said(times, 4 * every + 1)).toHaveProperty('pastMs')
    expect(said(times, 5 * every + 1)).toBeNull()
  },
)

test('a timer may be late, and what comes now and then is none', () => {
  expect(said([0, 300, 612], 613)).not.toBeNull()
  expect(said([0, 300, 1500], 1501)).toBeNull()
  expect(said([0, 20_000, 40_000], 40_001), 'too rare').toBeNull()
})

test('what is long ago counts no more', () => {
  expect(mayBeAgain(at(0, 60), instant(3_700_000))).toBe(true)
  expect(mayBeAgain(at(0, 60), instant(4_000_000))).toBe(false)
  expect(mayBeAgain([], instant(0))).toBe(false)
})

test('who happened longest ago makes room', () => {
  expect(
    longestAgo([
      ['one', at(1, 9)],
      ['other', at(5)],
    ]),
  ).toBe('other')
  expect(longestAgo([])).toBeUndefined()
})
