/** Many lives: `soak.ts [--seeds N] [--seconds S] [--from SEED] [--history]`; exit 1 when one of them failed. */
import { parseArgs } from 'node:util'
import { live, type Outcome } from './life.ts'

const USAGE = 'usage: npm run soak -- [--fuzz S] [--seeds N] [--seconds S] [--from SEED] [--history]'
const PROGRESS_MS = 5000
const LINES = 40

function fail(text: string): never {
  process.stderr.write(`soak: ${text}\n${USAGE}\n`)
  process.exit(2)
}

function whole(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  return Number.isInteger(value) && value > 0 ? value : fail(`--${name} ${text} is not a whole number above 0`)
}

function options(): { seeds: number; seconds: number; from: number; history: boolean } {
  const known = {
    seeds: { type: 'string' },
    seconds: { type: 'string' },
    from: { type: 'string' },
    history: { type: 'boolean' },
  } as const
  try {
    const { values } = parseArgs({ options: known })
    const seeds = whole(values.seeds, 'seeds')
    const seconds = whole(values.seconds, 'seconds')
    return {
      seeds: seeds ?? (seconds ? Number.POSITIVE_INFINITY : 5000),
      seconds: seconds ?? Number.POSITIVE_INFINITY,
      from: whole(values.from, 'from') ?? (Date.now() % 1_000_000_000) + 1,
      history: values.history === true,
    }
  } catch (error) {
    return fail((error as Error).message)
  }
}

function report({ seed, kind, failure, history }: Outcome): void {
  console.log(`seed ${seed}: ${kind}: ${failure}`)
  for (const line of history.slice(-LINES)) console.log(`  ${line}`)
  console.log(`  replay: npm run soak -- --seeds 1 --from ${seed} --history`)
}

const { seeds, seconds, from, history } = options()
const began = performance.now()
const tally = { passed: 0, failed: 0, livedMs: 0 }
let shownAt = began
const elapsedS = (): number => (performance.now() - began) / 1000

for (let index = 0; index < seeds && elapsedS() < seconds; index++) {
  const outcome = live(from + index)
  tally.livedMs += outcome.lived
  if (outcome.failure === null) tally.passed += 1
  else tally.failed += 1
  if (outcome.failure !== null) report(outcome)
  else if (history) console.log(outcome.history.join('\n'))
  if (performance.now() - shownAt < PROGRESS_MS) continue
  shownAt = performance.now()
  const done = tally.passed + tally.failed
  console.log(
    `${elapsedS().toFixed(0)} s: ${done} lives from seed ${from}, ${tally.failed} failed, ${(done / elapsedS()).toFixed(0)} a second`,
  )
}
console.log(
  `${(tally.livedMs / 3_600_000).toFixed(1)} hours of cluster life from seed ${from} in ${elapsedS().toFixed(0)} s`,
)
console.log(`${tally.passed} passed, ${tally.failed} failed`)
process.exitCode = tally.failed === 0 && tally.passed > 0 ? 0 : 1
