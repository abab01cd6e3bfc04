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
    expect(tallyTap(lines)).toEqual({
      passed: 1,
      failed: 1,
      failures: ['goes on', '  ok, that was bad'],
      whole: true,
    })
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
    const broken = { name: 'b.test.ts', status: 'failed', message: 'no such module', assertionResults: [] }
    const failed = { status: 'failed', fullName: 'sums add', failureMessages: ['1 is no 2\n at x\n at y\n at z'] }
    const passed = { status: 'passed', fullName: 'sums are', failureMessages: [] }
    const bad = { name: 'a.test.ts', status: 'failed', assertionResults: [passed, failed] }
    expect(tallyVitest(report([broken, bad]))).toEqual({
      passed: 3,
      failed: 2,
      failures: ['a.test.ts: sums add', '  1 is no 2', '   at x', '   at y', 'b.test.ts', '  no such module'],
    })
  })
  it('may be missing', () => expect(tallyVitest('')).toBeUndefined())
})

describe('green', () => {
  it('means that something ran and nothing failed', () => {
    expect([NONE, one(true, 'a'), one(false, 'b'), sum([one(true, 'a'), one(false, 'b')])].map(isGreen)).toEqual([
      false,
      true,
      false,
      false,
    ])
  })
})
