/**
 * What a lab scenario is written with. Each `test/lab/*.lab.ts` runs as root inside the guest, where the cluster serves
 * already; it says `ok N - name` or `not ok N - name` for each scenario and exits non-zero when one failed.
 *
 * A first line `// lab: topology=pair cluster=no` chooses another lab than the default one with a cluster.
 */
import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Status } from '@lvsm/model'
import { findAgent } from '../../packages/cli/src/agents.ts'

/** The first virtual service of the topology, and the names of the cluster's nodes. */
export const VIP = process.env['LAB_VIP'] ?? ''
export const PORT = process.env['LAB_PORT'] ?? ''
export const NODES: readonly string[] = (process.env['LAB_NODES'] ?? '').split(' ').filter((name) => name !== '')
const SOCKETS = (process.env['LAB_SOCKETS'] ?? '').split(':').filter((path) => path !== '')

export const SCENARIO_TIMEOUT_MS = 60_000
const POLL_MS = 100

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** A command line of `sh`; its end does not throw, whatever its code. */
export const attempt = (line: string, timeoutMs = 30_000): Promise<Ran> => run(['sh', '-c', line], timeoutMs)

/** The same, for what must succeed: its output without the last newline; throws with everything that it said. */
export async function sh(line: string, timeoutMs = 30_000): Promise<string> {
  return demandSuccess(line, await attempt(line, timeoutMs))
}

/** A command line in a node's network namespace. */
export async function on(node: string, line: string, timeoutMs = 30_000): Promise<string> {
  return demandSuccess(`${node}: ${line}`, await run(['ip', 'netns', 'exec', node, 'sh', '-c', line], timeoutMs))
}

/** A verb of the lab: `lab('power-cut', 'dir1')`. */
export async function lab(...words: readonly string[]): Promise<string> {
  return demandSuccess(`lab ${words.join(' ')}`, await run(['lab', ...words], 60_000))
}

function run(argv: readonly string[], timeoutMs: number): Promise<Ran> {
  const [file = '', ...rest] = argv
  return new Promise((resolve) => {
    execFile(file, rest, { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 64 << 20 }, (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 124
      resolve({ code, out: out.trimEnd(), err: err.trimEnd() })
    })
  })
}

function demandSuccess(what: string, { code, out, err }: Ran): string {
  if (code !== 0) throw new Error(`${what}: exit ${code}\n${out}\n${err}`.trimEnd())
  return out
}

/** What an agent with quorum says, or the agent of one node. */
export async function status(node?: string): Promise<Status> {
  const sockets = node === undefined ? SOCKETS : SOCKETS.filter((path) => path.includes(`/${node}/`))
  return (await findAgent(sockets)).status
}

/** The owner of a group as an agent with quorum knows it; the first group by default. */
export async function owner(group?: string): Promise<string | null> {
  const { groups } = await status()
  return groups.find((one) => group === undefined || one.name === group)?.owner ?? null
}

export type Truthy<Value> = Exclude<Value, false | 0 | '' | null | undefined>

/** Waits until `condition` gives something true and returns it; throws with its last error when the time is over. */
export async function until<Value>(
  condition: () => Value | Promise<Value>,
  ms: number,
  what = 'the condition',
): Promise<Truthy<Value>> {
  const end = performance.now() + ms
  let last: unknown
  for (;;) {
    try {
      const value = await condition()
      if (value) return value as Truthy<Value>
      last = undefined
    } catch (error) {
      last = error
    }
    if (performance.now() > end)
      throw new Error(`${what} did not come true in ${ms} ms${last ? `: ${messageOf(last)}` : ''}`)
    await sleep(POLL_MS)
  }
}

/** A demand with words. */
export function demand(condition: unknown, words: string): asserts condition {
  if (!condition) throw new Error(words)
}

/** A measured figure for the reader of the log. */
export const figure = (name: string, value: string | number): void => console.log(`# ${name}: ${value}`)

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

let queue = Promise.resolve()
let registered = 0
let done = 0
let failed = 0

/**
 * Scenarios run one after the other, in the order of their lines; one that fails does not stop the next. All of a file
 * are named before the first one ends: the process leaves after the last, whatever a late one has left running.
 */
export function scenario(name: string, work: () => Promise<void>, timeoutMs = SCENARIO_TIMEOUT_MS): void {
  registered += 1
  queue = queue
    .then(() => perform(name, work, timeoutMs))
    .then(() => {
      if (done === registered) leave()
    })
}

async function perform(name: string, work: () => Promise<void>, timeoutMs: number): Promise<void> {
  const began = performance.now()
  const watchdog = new AbortController()
  const late = sleep(timeoutMs, undefined, { signal: watchdog.signal }).then(() => {
    throw new Error(`not done in ${timeoutMs} ms`)
  })
  try {
    await Promise.race([work(), late])
    console.log(`ok ${done + 1} - ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`)
  } catch (error) {
    failed += 1
    console.log(`not ok ${done + 1} - ${name}`)
    comment(error instanceof Error ? (error.stack ?? error.message) : String(error))
    comment(await evidence())
  } finally {
    done += 1
    watchdog.abort()
    late.catch(() => {})
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
