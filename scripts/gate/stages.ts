/** The stages of `npm test`, each with its time limit: build, the gate, contracts against the host's kernel, databases, sockets and commands on the host, the lab. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Boot, prepare, readBoots } from './boots.ts'
import { ROOT, run } from './commands.ts'
import { passGate } from './gate.ts'
import { printResult } from './report.ts'
import { take, testsOf } from './steps.ts'
import { NONE, one, sum, type Tally, tallyTap } from './tally.ts'

/** Ends what is left of the whole run, when it takes far longer than this machine should need. */
export interface Deadline {
  /** At most `ms`, and never more than what the run has left. */
  within(ms: number): number
}

export interface Stage {
  readonly name: string
  /** Nothing after it makes sense when it fails. */
  readonly needed: boolean
  run(deadline: Deadline): Promise<Tally>
}

const complain = (stage: string, seconds: number, seen: string, complaint: string): Tally => {
  const tally = one(false, `${stage}: ${complaint}`)
  printResult({ step: stage, tally, seconds, seen, complaint })
  return tally
}

export const build: Stage = {
  name: 'build',
  needed: true,
  async run(deadline) {
    const ended = await run({ argv: ['node', 'scripts/build.ts'], timeoutMs: deadline.within(900_000) })
    const tally = one(ended.code === 0, 'build')
    printResult({
      step: 'build',
      tally,
      seconds: ended.seconds,
      seen: 'bundles in dist',
      complaint: ended.code === 0 ? '' : ended.text,
    })
    // A build is a means: it fails the run, but it is no passed test.
    return ended.code === 0 ? NONE : tally
  },
}

export const gate: Stage = {
  name: 'gate',
  needed: false,
  run: async () => sum((await passGate()).map((result) => result.tally)),
}

export const contract: Stage = {
  name: 'contract',
  needed: false,
  async run(deadline) {
    if (process.getuid?.() !== 0)
      return complain('contract', 0, 'needs root', 'network namespaces need root: run npm test as root')
    const result = await take(testsOf('contract', deadline.within(Number.POSITIVE_INFINITY)))
    printResult(result)
    return result.tally
  },
}

/** Databases, sockets and commands as they are on this machine: threads, locks of a process, processes that are killed. */
export const processes: Stage = {
  name: 'processes',
  needed: false,
  async run(deadline) {
    const result = await take(testsOf('processes', deadline.within(Number.POSITIVE_INFINITY)))
    printResult(result)
    return result.tally
  },
}

/** `only`: parts of names of scenario files, whole, or `all`; by default a sample of each file. */
export const lab = (only: readonly string[] = []): Stage => ({
  name: 'lab',
  needed: false,
  async run(deadline) {
    const boots = readBoots(only)
    if (boots.length === 0) return complain('lab', 0, 'no test/lab/*.lab.ts', 'nothing ran')
    const tallies: Tally[] = []
    for (const boot of boots) tallies.push(await runBoot(boot, only.length === 0, deadline))
    return sum(tallies)
  },
})

export async function runBoot(boot: Boot, sample: boolean, deadline: Deadline): Promise<Tally> {
  const words = await prepare(boot, sample)
  const limitMs = deadline.within(Number.POSITIVE_INFINITY)
  const lines: string[] = []
  const ended = await run({
    argv: ['node', 'scripts/lab/main.ts', 'run', '--paced', '--timeout', String(Math.ceil(limitMs / 1000)), ...words],
    timeoutMs: limitMs,
    onLine: (line) => {
      lines.push(line.replace(/\r$/, ''))
      console.log(`      ${line}`)
    },
  })
  const { whole, ...counted } = tallyTap(lines)
  // Scenarios that never ran are one failure more, so that a boot that breaks off cannot look like a short one.
  const tally =
    whole && (ended.code === 0 || counted.failed > 0)
      ? counted
      : sum([counted, one(false, `lab: ${boot.topology} broke off with exit ${ended.code}`)])
  const seen = `${boot.topology}${boot.cluster ? '' : ' without cluster'}: ${tally.passed} passed, ${tally.failed} failed${whole ? '' : `; broke off with exit ${ended.code}`}`
  printResult({ step: 'lab', tally, seconds: ended.seconds, seen, complaint: counted.failures.join('\n') })
  return tally
}

/** Contract tests may come later than the first version of a port; an empty folder is no stage. */
export const hasContracts = (): boolean => {
  const folder = join(ROOT, 'test', 'contract')
  return (
    existsSync(folder) && readdirSync(folder, { recursive: true }).some((name) => String(name).endsWith('.test.ts'))
  )
}
