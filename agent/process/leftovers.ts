/**
 * Process groups of a process without rights that may die before they do. Who started it ends what is left of them: those of its user alone,
 * for its word about their numbers may be a stranger's, and numbers are given again.
 */
import { readdirSync, readFileSync } from 'node:fs'

/** It has no more than a few dozen. */
const MOST_GROUPS = 1024
/** Between being asked to end, and being killed. */
const GRACE_MS = 1000

/** Who died: its process, as the variable LVSM_PROBER names it to what it starts, and the user that it was; null: not known. */
export interface Dead {
  readonly pid: number
  readonly uid: number | null
}
const MARK = 'LVSM_PROBER'

interface Found {
  readonly pid: number
  readonly group: number
  /** Clock ticks since the machine started. */
  readonly startedAt: number
}

/** The user that a process really is; null: it is not there. */
export function userOf(pid: number): number | null {
  const [, uid] = /^Uid:\t(\d+)/m.exec(read(pid, 'status')) ?? []
  return uid === undefined ? null : Number(uid)
}

/** By proc(5), stat: what comes behind the name, which may hold anything. */
function processOf(pid: number): Found | null {
  const text = read(pid, 'stat')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [group, startedAt] = [Number(fields[2]), Number(fields[19])]
  return text === '' || !Number.isInteger(group) ? null : { pid, group, startedAt }
}
function read(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return ''
  }
}

export class Leftovers {
  /** When their first process began; null: it had ended when it was told. */
  readonly #groups = new Map<number, number | null>()

  heard({ group, runs }: { readonly group: number; readonly runs: boolean }): void {
    if (!runs) this.#groups.delete(group)
    else if (this.#groups.size < MOST_GROUPS) this.#groups.set(group, processOf(group)?.startedAt ?? null)
  }

  /** Asked first, then killed, where there is time for that. Calls back when nothing is left of them that can be ended. */
  end(dead: Dead, over: () => void = () => undefined): void {
    const groups = new Map(this.#groups)
    this.#groups.clear()
    if (!endThem(groups, dead, 'SIGTERM')) return over()
    setTimeout(() => {
      endThem(groups, dead, 'SIGKILL')
      over()
    }, GRACE_MS).unref()
  }
  /** At once: nobody will be there later. */
  kill(dead: Dead): void {
    endThem(this.#groups, dead, 'SIGKILL')
    this.#groups.clear()
  }
}

/** True: there were some. */
function endThem(groups: ReadonlyMap<number, number | null>, dead: Dead, signal: NodeJS.Signals): boolean {
  const { uid } = dead
  if (uid === null) return false
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processOf(Number(name)) ?? [])
  const told = new Set(leftOf(groups, all))
  // It may have died before it told of the last one.
  const left = all.filter(
    (one) => one.pid !== process.pid && userOf(one.pid) === uid && (told.has(one) || isMarked(one, dead)),
  )
  for (const { pid } of left) send(pid, signal)
  return left.length > 0
}
const isMarked = ({ pid }: Found, dead: Dead): boolean =>
  pid !== dead.pid && read(pid, 'environ').split('\0').includes(`${MARK}=${dead.pid}`)

/** Who is of these groups. `groups`: when the first process of each began; null: it had ended already. */
export function leftOf(groups: ReadonlyMap<number, number | null>, all: readonly Found[]): readonly Found[] {
  const firsts = new Map(all.map(({ pid, startedAt }) => [pid, startedAt]))
  return all.filter(({ group }) => {
    const began = groups.get(group)
    const first = firsts.get(group)
    // Where the first process is another one, the number was given again; while any of a group lives it is not.
    return began !== undefined && (first === undefined || first === began)
  })
}
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended meanwhile.
  }
}
