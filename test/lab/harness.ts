/** What a lab scenario is written with: commands, the cluster's own words, waiting, demands. `scenario` is in scenario.ts. */
import { type Status } from '@lvsm/protocol'
import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { findAgent } from '../../packages/cli/src/agents.ts'

/** The first virtual service of the topology, and the names of the cluster's nodes. */
export const VIP = process.env['LAB_VIP'] ?? ''
export const PORT = process.env['LAB_PORT'] ?? ''
export const NODES: readonly string[] = (process.env['LAB_NODES'] ?? '').split(' ').filter((name) => name !== '')
const SOCKETS = (process.env['LAB_SOCKETS'] ?? '').split(':').filter((path) => path !== '')

const POLL_MS = 100
/** A command that takes so long hangs; on a machine that is shared, seconds become minutes. */
const HUNG_MS = 120_000
/** A machine that is starved needs more time: a wait ends only after so many looks too, and in any case after so many times its length. */
const LOOKS = 3
const LONGEST = 6
/** How many times slower than usual the cluster lives, because this machine has other work. */
export const PACE = Number(process.env['LAB_PACE'] ?? 1)

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** A command line of `sh`; its end does not throw, whatever its code. */
export const attempt = (line: string, timeoutMs = HUNG_MS): Promise<Ran> => run(['sh', '-c', line], timeoutMs)

/** The same, for what must succeed: its output without the last newline; throws with everything that it said. */
export async function sh(line: string, timeoutMs = HUNG_MS): Promise<string> {
  return demandSuccess(line, await attempt(line, timeoutMs))
}

/** A command line in a node's network namespace. */
export async function on(node: string, line: string, timeoutMs = HUNG_MS): Promise<string> {
  return demandSuccess(`${node}: ${line}`, await run(['ip', 'netns', 'exec', node, 'sh', '-c', line], timeoutMs))
}

/** A verb of the lab: `lab('power-cut', 'dir1')`. */
export async function lab(...words: readonly string[]): Promise<string> {
  return demandSuccess(`lab ${words.join(' ')}`, await run(['lab', ...words], 2 * HUNG_MS))
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

/** An agent that has just been flooded, or stood still, answers soon after. */
const ASKED = 4
/** What an agent with quorum says, or the agent of one node. */
export async function status(node?: string): Promise<Status> {
  const sockets = node === undefined ? SOCKETS : SOCKETS.filter((path) => path.includes(`/${node}/`))
  for (let time = 1; ; time++)
    try {
      return (await findAgent(sockets)).status
    } catch (error) {
      if (time === ASKED || !messageOf(error).includes('no answer within')) throw error
    }
}

/** The owner of a group as an agent with quorum knows it; the first group by default. */
export async function owner(group?: string): Promise<string | null> {
  const { groups } = await status()
  return groups.find((one) => group === undefined || one.name === group)?.owner ?? null
}

export type Truthy<Value> = Exclude<Value, false | 0 | '' | null | undefined>

/**
 * Waits until `condition` gives something true and returns it; throws with its last error when the time is over. `quietMs` is that
 * of a quiet machine, and no figure (the observers measure those): it is waited for three times as long, and where one look at
 * the cluster takes seconds for twice that.
 */
export async function until<Value>(
  condition: () => Value | Promise<Value>,
  quietMs: number,
  what = 'the condition',
): Promise<Truthy<Value>> {
  const ms = quietMs * PACE
  const began = performance.now()
  const looks = (ms / POLL_MS) * LOOKS
  let last: unknown
  for (let look = 1; ; look++) {
    try {
      const value = await condition()
      if (value) return value as Truthy<Value>
      last = undefined
    } catch (error) {
      last = error
    }
    const passedMs = performance.now() - began
    if ((passedMs > ms && look >= looks) || passedMs > LONGEST * ms)
      throw new Error(
        `${what} did not come true in ${passedMs.toFixed(0)} ms and ${look} looks${last ? `: ${messageOf(last)}` : ''}`,
      )
    await sleep(POLL_MS)
  }
}

/** What must never be, however slow the machine is. */
export class Violation extends Error {}

/** A demand with words. */
export function demand(condition: unknown, words: string): asserts condition {
  if (!condition) throw new Error(words)
}

/** A measured figure for the reader of the log. */
export const figure = (name: string, value: string | number): void => console.log(`# ${name}: ${value}`)

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
