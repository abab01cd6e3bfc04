import { describe, expect, it } from 'vitest'
import { failuresOf, isGreen, NONE, one, sum, tallyTap, tallyVitest } from './tally.ts'

describe('a TAP-like stream', () => {
  it('is counted, and held against its plan', () => {
    const lines = [
      '# failover',
      'ok 1 - serves (0.4 s)',
      'not ok 2 - goes on',
      '#   ok, that was bad',
      'noise ok 3',
      '1..2',
    ]
    expect(tallyTap(lines)).toEqual({ passed: 1, failed: 1, whole: true })
  })

  it('says what failed, and why in short', () => {
    const lines = [
      'ok 1 - serves',
      'not ok 2 - goes on',
      '#   Error: two owners',
      '#   at x',
      '# y',
      '# z',
      'not ok 3 - a',
    ]
    expect(failuresOf(lines)).toEqual(['goes on', '  Error: two owners', '  at x', '  y', 'a'])
    expect(failuresOf(['not ok 1 - a', 'ok 2 - b', '# c'])).toEqual(['a'])
  })

  it.each([
    ['no plan', ['ok 1 - a']],
    ['broken off', ['ok 1 - a', '1..2']],
    ['nothing', []],
  ])('is not whole: %s', (_name, lines) => expect(tallyTap(lines).whole).toBe(false))
})

describe("vitest's report", () => {
  const report = (files: object[]): string =>
    JSON.stringify({ numPassedTests: 3, numFailedTests: 1, testResults: files })
  it('is read with files that could not be loaded', () => {
    const broken = { status: 'failed', assertionResults: [] }
    expect(tallyVitest(report([broken, { status: 'failed', assertionResults: [{}] }]))).toEqual({
      passed: 3,
      failed: 2,
    })
  })
  it('may be missing', () => expect(tallyVitest('')).toBeUndefined())
})

describe('green', () => {
  it('means that something ran and nothing failed', () => {
    expect([NONE, one(true), one(false), sum([one(true), one(false)])].map(isGreen)).toEqual([
      false,
      true,
      false,
      false,
    ])
  })
})
