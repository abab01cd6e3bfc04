/**
 * Checks of one type, as an agent makes them: its schedule says when each is due, the real lvsm-prober makes it and says how late it was begun.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { instant } from '@lvsm/base'
import { finish, newSchedule, nextCheckAt, setTargets, takeDue } from '@lvsm/health'
import { probeOf } from '@lvsm/model'
import { Prober } from '../../../agent/node/adapters/prober.ts'
import type { Kind } from './kinds.ts'

export interface Load {
  readonly checks: number
  readonly intervalMs: number
  readonly ms: number
}
export interface Row {
  /** Answered while it was measured, and what they said. */
  readonly answered: number
  readonly failed: number
  readonly unknown: number
  /** Milliseconds from when one was due until the prober began it. */
  readonly late: readonly number[]
  /** Milliseconds from when one was due until its answer was here. */
  readonly took: readonly number[]
  /** Of the prober and of what it started. Milliseconds. */
  readonly cpuMs: number
  /** What the first one that was not good says. */
  readonly reason: string
}

const TIMEOUT_MS = 2000
const FIRST = 20
/** Clock ticks a second in /proc/PID/stat (man 5 proc). */
const TICKS = 100
const VIRTUAL = { address: '10.11.0.10', port: 80 }
const clock = (): number => performance.now()

const children = (): number[] =>
  readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
/** Its own, and of its children that have ended: milliseconds. */
function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  return ([11, 12, 13, 14].reduce((sum, at) => sum + (fields[at] ?? 0), 0) * 1000) / TICKS
}

export async function measure(
  { type, keys }: Kind,
  place: { address: string; port: number },
  load: Load,
): Promise<Row> {
  const { checks, intervalMs, ms } = load
  const probe = probeOf(type)
  if (probe === null) throw new Error(`a check of type ${type} asks nobody`)
  const before = new Set(children())
  const row = { answered: 0, failed: 0, unknown: 0, late: [] as number[], took: [] as number[], reason: '' }
  let counts = false
  const prober = new Prober({
    clock,
    trouble: () => undefined,
    unable: () => undefined,
    say: (text) => void process.stderr.write(`${text}\n`),
    late: (lateMs) => void (counts && row.late.push(lateMs)),
  })
  const wanted = { probe, keys, ...place, source: null, timeoutMs: TIMEOUT_MS, virtual: VIRTUAL }
  // A program never runs twice at once for one question, so each is asked with another word.
  const keysFor = (id: string): Kind['keys'] => (type === 'script' ? { ...keys, command: ['/bin/true', id] } : keys)
  try {
    for (let round = 0; round < FIRST; round++)
      await new Promise((resolve) => prober.check('first', wanted, (ok) => resolve(ok)))
    const pid = children().find((one) => !before.has(one)) ?? 0
    const schedule = newSchedule('bench')
    const targets = Array.from({ length: checks }, (_, at) => ({ id: `${at}`, intervalMs, timeoutMs: TIMEOUT_MS }))
    const began = clock()
    setTargets(schedule, targets, instant(began))
    // Two intervals, until they are spread.
    const from = began + 2 * intervalMs
    let used = 0
    for (let now = clock(); now < from + ms; now = clock()) {
      if (!counts && now >= from) {
        counts = true
        used = cpuOf(pid)
      }
      for (const { id, dueAt } of takeDue(schedule, instant(now)))
        prober.check(id, { ...wanted, keys: keysFor(id), dueAt }, (ok, reason) => {
          finish(schedule, id, instant(clock()))
          if (!counts) return
          row.answered += 1
          row.took.push(clock() - dueAt)
          if (ok === null) row.unknown += 1
          else if (!ok) row.failed += 1
          if (ok !== true && row.reason === '') row.reason = reason
        })
      const next = nextCheckAt(schedule) ?? instant(from)
      await sleep(Math.max(0, Math.min(next, from + ms) - clock()))
    }
    return { ...row, cpuMs: cpuOf(pid) - used }
  } finally {
    prober.close()
  }
}

export function quantile(all: readonly number[], share: number): number {
  const sorted = all.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
