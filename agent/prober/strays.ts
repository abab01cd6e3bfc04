/**
 * What a program of a check left behind that has left its process group (`setsid`, a daemon that it started): found by a mark in its environment,
 * asked to end, and killed at the next look. Only what is of this process's own user is looked at.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'

const EVERY_MS = 5000
const MARK = 'LVSM_CHECK'

const running = new Set<string>()
/** Asked to end at the last look. */
let asked: ReadonlySet<number> = new Set()
let timer: NodeJS.Timeout | null = null
let number = 0

export interface Mark {
  readonly env: Readonly<Record<string, string>>
  /** The program has ended, and whoever still bears its mark is a stray. */
  readonly over: () => void
}
export function newMark(): Mark {
  number += 1
  const name = `${process.pid}.${number}`
  running.add(name)
  timer ??= setInterval(look, EVERY_MS).unref()
  return { env: { [MARK]: name }, over: () => void running.delete(name) }
}

/** Until none is left, and nothing runs that could leave one. */
function look(): void {
  const found = strays()
  for (const pid of found) send(pid, asked.has(pid) ? 'SIGKILL' : 'SIGTERM')
  asked = new Set(found)
  if (found.length > 0 || running.size > 0 || !timer) return
  clearInterval(timer)
  timer = null
}

function strays(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && isOwn(pid) && isStray(pid))
}
function isOwn(pid: number): boolean {
  try {
    return statSync(`/proc/${pid}`).uid === process.getuid?.()
  } catch {
    return false
  }
}
function isStray(pid: number): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    const mark = words.find((word) => word.startsWith(`${MARK}=${process.pid}.`))?.slice(MARK.length + 1)
    return mark !== undefined && !running.has(mark)
  } catch {
    return false
  }
}
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended meanwhile.
  }
}
