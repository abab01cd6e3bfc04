/** The steps of the gate, as data. Each must show that it saw something: a tool that reads no file is not content, it is blind. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Ended, ROOT, run } from './commands.ts'
import { one, sum, type Tally, tallyVitest } from './tally.ts'

export interface Step {
  readonly name: string
  readonly argv: readonly string[]
  readonly timeoutMs: number
  /** Finds in the output how much was looked at; absent for tests, which are counted. */
  readonly saw?: RegExp
  /** The same tool, when it may mend what it finds. */
  readonly mend?: readonly string[]
  readonly project?: string
}

/** It only ends what hangs: a machine that is shared takes several times as long. */
const LONGEST_MS = 900_000

const tool = (name: string, saw: RegExp, argv: readonly string[], mend?: readonly string[]): Step => ({
  name,
  argv,
  timeoutMs: LONGEST_MS,
  saw,
  ...(mend && { mend }),
})

/** `more`: other projects that run beside it, and count with it. */
export const testsOf = (project: string, timeoutMs: number, more: readonly string[] = []): Step => ({
  name: project === 'unit' ? 'tests' : project,
  argv: [
    'vitest',
    'run',
    ...[project, ...more].flatMap((name) => ['--project', name]),
    '--reporter=dot',
    '--reporter=json',
    `--outputFile.json=${reportOf(project)}`,
  ],
  timeoutMs,
  project,
})

/** The longest first: two at a time fill two cores best that way. */
export const GATE: readonly Step[] = [
  testsOf('unit', 2 * LONGEST_MS, ['pure']),
  tool('types', /^Files:\s+(\d+)/m, ['tsc', '-p', 'tsconfig.json', '--diagnostics']),
  tool('pure types', /^Files:\s+(\d+)/m, ['tsc', '-p', 'tsconfig.pure.json', '--diagnostics']),
  tool('web types', /^Files:\s+(\d+)/m, ['tsc', '-p', 'tsconfig.web.json', '--diagnostics']),
  tool('lint', /on (\d+) files/, ['oxlint', '--type-aware'], ['oxlint', '--type-aware', '--fix']),
  tool('format', /Checked (\d+) files/, ['biome', 'format'], ['biome', 'format', '--write']),
  tool('walls', /^(\d+) modules/m, ['node', 'scripts/tidy/walls.ts']),
  tool('house', /^(\d+) files/m, ['node', 'scripts/tidy/house.ts']),
]

export interface Result {
  readonly step: string
  readonly tally: Tally
  readonly seconds: number
  /** How much was looked at, in words. */
  readonly seen: string
  /** Everything that the tool said, when it failed. */
  readonly complaint: string
}

function reportOf(project: string): string {
  return join(ROOT, '.cache', 'gate', `${project}.json`)
}

export async function take(step: Step, mend = false): Promise<Result> {
  const report = step.project === undefined ? undefined : reportOf(step.project)
  if (report !== undefined) {
    rmSync(report, { force: true })
    mkdirSync(dirname(report), { recursive: true })
  }
  const ended = await run({ argv: (mend && step.mend) || step.argv, timeoutMs: step.timeoutMs })
  return report === undefined ? judgeTool(step, ended) : judgeTests(step, ended, report)
}

function judgeTool(step: Step, ended: Ended): Result {
  const files = Number(step.saw?.exec(ended.text)?.[1] ?? 0)
  const ok = ended.code === 0 && files > 0
  const blind =
    ended.code === 0 && files === 0 ? `${step.name} looked at nothing: has the tool's output changed?\n` : ''
  return {
    step: step.name,
    tally: one(ok, step.name),
    seconds: ended.seconds,
    seen: `${files} files`,
    complaint: ok ? '' : ended.text + blind,
  }
}

function judgeTests(step: Step, ended: Ended, report: string): Result {
  const nothing = one(false, `${step.name}: no test ran, or its report is missing`)
  const counted = tallyVitest(readIfThere(report)) ?? nothing
  // A run that ended badly although no test failed (an error outside the tests, nothing found) has failed.
  const tally =
    ended.code !== 0 && counted.failed === 0
      ? sum([counted, one(false, `${step.name}: an error outside the tests`)])
      : counted
  const ok = tally.failed === 0 && tally.passed > 0
  const seen = `${tally.passed} passed, ${tally.failed} failed`
  return {
    step: step.name,
    tally: ok || tally.failed > 0 ? tally : nothing,
    seconds: ended.seconds,
    seen,
    complaint: ok ? '' : ended.text,
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
