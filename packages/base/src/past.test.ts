/** What looks back says when it is over: not while the next one may only be awaited. */
import { expect, test } from 'vitest'
import { pastAfter, pastOf } from './past.ts'
import { instant } from './time.ts'

const at = (...seconds: number[]) => seconds.map((one) => instant(one * 1000))

test('of a moment ago it may go on, then it is over, in steps', () => {
  expect(pastAfter(9999)).toEqual({})
  expect([pastAfter(10_000), pastAfter(19_999), pastAfter(125_000)].map(({ pastMs }) => pastMs)).toEqual([
    10_000, 10_000, 120_000,
  ])
})

test('what comes in intervals is over after two of them', () => {
  expect(pastOf([], instant(0))).toEqual({})
  expect(pastOf(at(1, 2, 3), instant(14_000))).toEqual({ pastMs: 10_000 })
  expect(pastOf(at(0, 20, 40), instant(79_000))).toEqual({})
  expect(pastOf(at(0, 20, 40), instant(80_000))).toEqual({ pastMs: 40_000 })
})
