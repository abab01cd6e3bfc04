/** Counts of everything that ran. A stage that ran nothing has failed: a green light without a test is a lie. */
import { type Fields, readFields } from '../fields.ts'

export interface Tally {
  readonly passed: number
  readonly failed: number
  /** What failed, a line each, for the end of the run: where it is told at length may be thousands of lines up, or cut off. */
  readonly failures: readonly string[]
}

export const NONE: Tally = { passed: 0, failed: 0, failures: [] }
export const one = (ok: boolean, name: string): Tally =>
  ok ? { passed: 1, failed: 0, failures: [] } : { passed: 0, failed: 1, failures: [name] }
export const sum = (tallies: readonly Tally[]): Tally =>
  tallies.reduce(
    (all, part) => ({
      passed: all.passed + part.passed,
      failed: all.failed + part.failed,
      failures: [...all.failures, ...part.failures],
    }),
    NONE,
  )

export const isGreen = (tally: Tally): boolean => tally.failed === 0 && tally.passed > 0

/** Results of a TAP-like stream, and whether its plan line (`1..N`) came and held. */
export function tallyTap(lines: readonly string[]): Tally & { readonly whole: boolean } {
  const results = lines.map((line) => /^(not )?ok \d+\b/.exec(line)).filter((match) => match !== null)
  const failed = results.filter((match) => match[1] !== undefined).length
  const plan = lines.map((line) => /^1\.\.(\d+)$/.exec(line)).findLast((match) => match !== null)
  return {
    passed: results.length - failed,
    failed,
    failures: failuresOf(lines),
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
    const broken = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
    return {
      passed: numPassedTests,
      failed: numFailedTests + broken.length,
      failures: [...testResults.flatMap(failedIn), ...broken.flatMap((file) => told(file.name, file.message))],
    }
  } catch {
    return undefined
  }
}

const failedIn = ({ name, assertionResults }: VitestFile): string[] =>
  assertionResults
    .filter((test) => test.status === 'failed')
    .flatMap((test) => told(`${name}: ${test.fullName}`, test.failureMessages?.[0]))

const told = (what: string, why = ''): string[] => [what, ...why.split('\n', REASON_LINES).map((line) => `  ${line}`)]

interface VitestFile {
  readonly name: string
  readonly status: string
  readonly message?: string
  readonly assertionResults: readonly {
    readonly status: string
    readonly fullName: string
    readonly failureMessages?: readonly string[]
  }[]
}

interface VitestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly VitestFile[]
}
const REPORT: Fields<VitestReport> = { numPassedTests: 'number', numFailedTests: 'number', testResults: 'list' }
