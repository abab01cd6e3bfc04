/**
 * Many lives, on every processor: `soak.ts [--seeds N] [--seconds S] [--from SEED] [--plot NAME] [--history]`; exit 1 when
 * one of them failed. The life of a seed is the same whichever worker lives it.
 */
import { availableParallelism, setPriority } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import type { Outcome } from './life.ts'
import { plotNamed, STORIES } from './repertoire.ts'

const USAGE = `usage: npm run soak -- [--fuzz S] [--seeds N] [--seconds S] [--from SEED] [--plot NAME] [--history]
  without --seeds and --seconds: 60 seconds; plots: chance, ${STORIES.map(({ name }) => name).join(', ')}`
const PROGRESS_MS = 5000
const SECONDS = 60

export interface Batch {
  readonly seeds: readonly number[]
  /** Empty: each seed lives the plot that it draws. */
  readonly plot: string
}
const BATCH = 20
/** It gives way to everything else on the machine. */
const NICE = 10

function fail(text: string): never {
  process.stderr.write(`soak: ${text}\n${USAGE}\n`)
  process.exit(2)
}

function whole(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  return Number.isInteger(value) && value > 0 ? value : fail(`--${name} ${text} is not a whole number above 0`)
}

interface Options {
  readonly seeds: number
  readonly seconds: number
  readonly from: number
  readonly plot: string
  readonly history: boolean
}

function options(): Options {
  const known = {
    seeds: { type: 'string' },
    seconds: { type: 'string' },
    from: { type: 'string' },
    plot: { type: 'string' },
    history: { type: 'boolean' },
  } as const
  try {
    const { values } = parseArgs({ options: known })
    const seeds = whole(values.seeds, 'seeds')
    const plot = values.plot ?? ''
    if (plot !== '' && !plotNamed(plot)) fail(`there is no plot ${plot}`)
    return {
      seeds: seeds ?? Number.POSITIVE_INFINITY,
      seconds: whole(values.seconds, 'seconds') ?? (seeds ? Number.POSITIVE_INFINITY : SECONDS),
      from: whole(values.from, 'from') ?? (Date.now() % 1_000_000_000) + 1,
      plot,
      history: values.history === true,
    }
  } catch (error) {
    return fail((error as Error).message)
  }
}

const chosen = options()
setPriority(NICE)
const began = performance.now()
const tally = { passed: 0, failed: 0, livedMs: 0 }
let shownAt = began
let next = 0
const elapsedS = (): number => (performance.now() - began) / 1000

function nextBatch(): Batch | null {
  if (elapsedS() >= chosen.seconds) return null
  const size = Math.min(BATCH, chosen.seeds - next)
  const seeds = Array.from({ length: Math.max(0, size) }, (_, at) => chosen.from + next + at)
  next += seeds.length
  return seeds.length > 0 ? { seeds, plot: chosen.plot } : null
}

function note(outcome: Outcome): void {
  tally.livedMs += outcome.lived
  if (outcome.failure === null) tally.passed += 1
  else tally.failed += 1
  if (chosen.history) console.log(outcome.history.join('\n'))
  if (outcome.failure !== null) console.log(outcome.why)
  if (performance.now() - shownAt < PROGRESS_MS) return
  shownAt = performance.now()
  const done = tally.passed + tally.failed
  console.log(
    `${elapsedS().toFixed(0)} s: ${done} lives from seed ${chosen.from}, ${tally.failed} failed, ${(done / elapsedS()).toFixed(0)} a second`,
  )
}

/** Resolves when there is nothing left for this worker to live. */
function work(): Promise<void> {
  const worker = new Worker(new URL('soak-worker.ts', import.meta.url))
  return new Promise((done, failed) => {
    const send = (): void => {
      const batch = nextBatch()
      if (batch) worker.postMessage(batch)
      else void worker.terminate().then(() => done())
    }
    worker.on('error', failed)
    worker.on('message', (outcomes: readonly Outcome[]) => {
      for (const outcome of outcomes) note(outcome)
      send()
    })
    send()
  })
}

const workers = Math.min(availableParallelism(), Math.ceil(chosen.seeds / BATCH))
await Promise.all(Array.from({ length: workers }, work))
console.log(
  `${(tally.livedMs / 3_600_000).toFixed(1)} hours of cluster life from seed ${chosen.from} in ${elapsedS().toFixed(0)} s`,
)
console.log(`${tally.passed} passed, ${tally.failed} failed`)
process.exitCode = tally.failed === 0 && tally.passed > 0 ? 0 : 1
