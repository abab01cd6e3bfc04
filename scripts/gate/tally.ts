/** Counts of everything that ran. A stage that ran nothing has failed: a green light without a test is a lie. */
import { type Fields, readFields } from '../fields.ts'

export interface Tally {
  readonly passed: number
  readonly failed: number
}

export const NONE: Tally = { passed: 0, failed: 0 }
export const one = (ok: boolean): Tally => (ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 })
export const sum = (tallies: readonly Tally[]): Tally =>
  tallies.reduce((all, part) => ({ passed: all.passed + part.passed, failed: all.failed + part.failed }), NONE)

export const isGreen = (tally: Tally): boolean => tally.failed === 0 && tally.passed > 0

/** Results of a TAP-like stream, and whether its plan line (`1..N`) came and held. */
export function tallyTap(lines: readonly string[]): Tally & { readonly whole: boolean } {
  const results = lines.map((line) => /^(not )?ok \d+\b/.exec(line)).filter((match) => match !== null)
  const failed = results.filter((match) => match[1] !== undefined).length
  const plan = lines.map((line) => /^1\.\.(\d+)$/.exec(line)).findLast((match) => match !== null)
  return {
    passed: results.length - failed,
    failed,
    whole: plan?.[1] !== undefined && Number(plan[1]) === results.length,
  }
}

/** What failed in such a stream, each with the beginning of what was said of it: its evidence may be hundreds of lines up. */
export function failuresOf(lines: readonly string[]): string[] {
  return lines.flatMap((line, index) => {
    const name = /^not ok \d+ - (.*)$/.exec(line)?.[1]
    if (name === undefined) return []
    const rest = lines.slice(index + 1, index + 1 + REASON_LINES)
    const end = rest.findIndex((next) => !next.startsWith('#'))
    const reason = end < 0 ? rest : rest.slice(0, end)
    return [name, ...reason.map((next) => next.replace(/^#\s*/, '  '))]
  })
}
const REASON_LINES = 3

/** What vitest's JSON report says; undefined when it is none. Files that could not even be loaded count as failed. */
export function tallyVitest(report: string): Tally | undefined {
  try {
    const { numPassedTests, numFailedTests, testResults } = readFields('the report of vitest', report, REPORT)
    const broken = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length
    return { passed: numPassedTests, failed: numFailedTests + broken }
  } catch {
    return undefined
  }
}

interface VitestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[]
}
const REPORT: Fields<VitestReport> = { numPassedTests: 'number', numFailedTests: 'number', testResults: 'list' }
