/**
 * Programs that this process starts: each is a process group of its own, which is ended whole. The agent is told of them, for it ends those
 * that are left when this process dies.
 */
import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process'
import type { Readable } from 'node:stream'

/** Between being asked to end, and being killed. */
const GRACE_MS = 1000

export interface GroupNews {
  readonly group: number
  readonly runs: boolean
}
const running = new Set<number>()
let say: (news: GroupNews) => void = () => undefined
export function tellGroups(hear: (news: GroupNews) => void): void {
  say = hear
}

type Started = Pick<SpawnOptions, 'env' | 'stdio'>

/** Its errors come as events, also where no file may be opened any more: then it has no streams (`streamsOf`). */
export function startGroup(program: string, words: readonly string[], options: Started): ChildProcess {
  // By the mark the agent knows it, where this process died before it could tell of it.
  const env = { ...options.env, LVSM_PROBER: String(process.pid) }
  const child = spawn(program, [...words], { ...options, env, cwd: '/', detached: true })
  if (child.pid !== undefined) {
    running.add(child.pid)
    say({ group: child.pid, runs: true })
  }
  return child
}

/** What it says. */
export const streamsOf = ({ stdout, stderr }: ChildProcess): Readable[] =>
  [stdout, stderr].flatMap((stream) => stream ?? [])

/** The whole group, also where the program itself has ended and left others behind. */
export function endGroup(child: ChildProcess): void {
  const { pid } = child
  for (const stream of streamsOf(child)) stream.destroy()
  if (pid === undefined || !running.has(pid)) return
  if (!kill(pid, 'SIGTERM')) return over(pid)
  setTimeout(() => {
    kill(pid, 'SIGKILL')
    over(pid)
  }, GRACE_MS)
}
/** This process ends, and with it whoever would wait for them. */
export function killGroups(): void {
  for (const pid of running) kill(pid, 'SIGKILL')
}

function over(pid: number): void {
  if (running.delete(pid)) say({ group: pid, runs: false })
}
function kill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, signal)
  } catch {
    return false
  }
}
