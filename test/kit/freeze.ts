/** A process that stands still: the signal alone is no more than the wish, and on a busy machine a thread answers once more before it stops. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { eventually } from './eventually.ts'

const LONGEST_MS = 20_000

/** All of its threads are stopped when this is done (T in /proc/PID/task/TID/stat; man 5 proc). */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  const states = (): string[] =>
    readdirSync(`/proc/${pid}/task`).map((tid) => {
      const stat = readFileSync(`/proc/${pid}/task/${tid}/stat`, 'utf8')
      return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3)
    })
  await eventually(() => expect(new Set(states())).toEqual(new Set(['T'])), LONGEST_MS)
}
