/**
 * One scenario after the other. Each `test/lab/*.lab.ts` runs as root inside the guest, where the cluster serves already; it
 * says `ok N - name` or `not ok N - name` for each scenario and exits non-zero when one failed.
 *
 * A first line `// lab: topology=pair cluster=no` chooses another lab than the default one with a cluster; `long=yes`: it runs only
 * when it is named (`npm test -- lab:upgrade`).
 *
 * A cluster whose processors are taken away loses leases and misses deadlines: that is no fault of its own. So a scenario
 * that failed while this process, which had nothing to do, was not let run for STALL_MS is tried again, and says so. Two
 * owners are two owners on any machine: a Violation is never tried again.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { attempt, figure, messageOf, status, Violation } from './harness.ts'
import { settle } from './settle.ts'

/** For each scenario; it only ends what hangs. */
const SCENARIO_TIMEOUT_MS = 900_000
const STALL_MS = 300
const TICK_MS = 50
const ATTEMPTS = 5

let queue = Promise.resolve()
let registered = 0
let done = 0
let failed = 0

/**
 * Scenarios run in the order of their lines; one that fails does not stop the next. All of a file are named before the
 * first one ends: the process leaves after the last, whatever a late one has left running.
 */
export function scenario(name: string, work: () => Promise<void>, limit = SCENARIO_TIMEOUT_MS): void {
  if (texts.length > 0 && !texts.some((text) => name.includes(text))) return
  registered += 1
  queue = queue
    .then(() => perform(name, work, limit))
    .then(() => {
      if (done === registered) leave()
    })
}

/** The variable that says: a sample only. */
export const SAMPLE = 'LAB_SAMPLE'
/** The variable with the texts of which one stands in the name of a scenario that is to run; all run without it. */
export const ONLY = 'LAB_ONLY'
const texts = process.env[ONLY]?.split('|') ?? []
export const isSample = process.env[SAMPLE] === 'yes'

/** A scenario that `npm test` has no time for: it runs in the soak, and when its file is named. */
export function inSoak(name: string, work: () => Promise<void>, limit?: number): void {
  if (!isSample) scenario(name, work, limit)
}

async function perform(name: string, work: () => Promise<void>, limit: number): Promise<void> {
  const began = performance.now()
  for (let round = 1; ; round++) {
    const stalls = watchStalls()
    try {
      await inTime(work, limit)
      console.log(`ok ${++done} - ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`)
      return
    } catch (error) {
      const stalledMs = stalls.longestMs()
      if (round < ATTEMPTS && stalledMs >= STALL_MS && !(error instanceof Violation)) {
        figure(`tried again: the machine stood still for ${stalledMs.toFixed(0)} ms`, `${name}: ${messageOf(error)}`)
        await settle().catch((reason) => figure('not settled', messageOf(reason)))
        continue
      }
      failed += 1
      console.log(`not ok ${++done} - ${name}`)
      comment(error instanceof Error ? (error.stack ?? error.message) : String(error))
      comment(`longest stall of this process: ${stalledMs.toFixed(0)} ms`)
      comment(await evidence())
      return
    } finally {
      stalls.stop()
    }
  }
}

async function inTime(work: () => Promise<void>, limitMs: number): Promise<void> {
  const watchdog = new AbortController()
  const late = sleep(limitMs, undefined, { signal: watchdog.signal }).then(() => {
    throw new Error(`not done in ${limitMs} ms`)
  })
  late.catch(() => {})
  try {
    await Promise.race([work(), late])
  } finally {
    watchdog.abort()
  }
}

/** How late a timer of this process rang at worst. */
function watchStalls(): { longestMs(): number; stop(): void } {
  let last = performance.now()
  let longest = 0
  const tick = (): void => {
    const now = performance.now()
    longest = Math.max(longest, now - last - TICK_MS)
    last = now
  }
  const timer = setInterval(tick, TICK_MS)
  return {
    longestMs() {
      tick()
      return longest
    },
    stop: () => clearInterval(timer),
  }
}

function leave(): never {
  console.log(`1..${done}`)
  process.exit(failed > 0 ? 1 : 0)
}

const comment = (text: string): void => console.log(text.replaceAll(/^/gm, '#   '))

/** What the cluster thinks of itself at a failure. */
async function evidence(): Promise<string> {
  const said = await status().then(
    ({ node, groups, nodes, troubles }) => JSON.stringify({ node, groups, nodes, troubles }, null, 1),
    (error: unknown) => messageOf(error),
  )
  const processes = await attempt('lab pids; for node in $LAB_NODES; do lab logs $node | tail -n 20; done')
  return `${said}\n${processes.out}`
}
