/** Who is stopped, of those that may have a socket at which somebody waits: gone over beside the loop, in slices, and not often. */
import { isStoppedNow, NOBODY, type StoppedServers, stoppedServers } from '@lvsm/kernel'
import { plainLine } from '@lvsm/base'
import type { Kernel } from '../../ports.ts'

/** From one time to the next, at the earliest. Milliseconds. */
const EVERY_MS = 3000
/** The loop is held up for so long at most, and has so long for itself then. */
const SLICE_MS = 2
const PAUSE_MS = 10
/** What was found is old news then. */
const OLD_MS = 10_000

type StoppedAt = NonNullable<NonNullable<ReturnType<Kernel['sockets']>['found']>[number]['stopped']>
type Work = ReturnType<typeof stoppedServers>
/** `groups`: the control groups that they were made in. */
type Begin = (wanted: ReadonlySet<string>, groups: ReadonlyMap<string, string>) => Work

export class StoppedWatch {
  readonly #begin: Begin
  readonly #isStopped: typeof isStoppedNow
  #found: StoppedServers = NOBODY
  #foundAt = -Infinity
  #begunAt = -Infinity
  #timer: NodeJS.Timeout | null = null

  constructor(begin: Begin = (wanted, groups) => stoppedServers(wanted, undefined, groups), isStopped = isStoppedNow) {
    this.#begin = begin
    this.#isStopped = isStopped
  }
  /** What was found last; the next answers are newer. */
  of(
    sockets: ReadonlySet<string>,
    groups: ReadonlyMap<string, string> = new Map(),
  ): (socket: string) => StoppedAt | null {
    const now = performance.now()
    if (sockets.size > 0 && !this.#timer && now - this.#begunAt >= EVERY_MS) {
      this.#begunAt = now
      this.#goOn(this.#begin(sockets, groups))
    }
    if (now - this.#foundAt >= OLD_MS) this.#found = NOBODY
    return (socket) => this.#at(socket)
  }
  close(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }

  #at(socket: string): StoppedAt | null {
    const { servers, others } = this.#found
    const all = servers.get(socket) ?? []
    const sure = all.length > 0 && all.every((one) => this.#isStopped(one))
    const programs = (sure ? all : others).map((one) => ({ ...one, name: plainLine(one.name) }))
    return programs.length > 0 ? { programs, sure } : null
  }
  #goOn(work: Work): void {
    this.#timer = setTimeout(() => {
      this.#timer = null
      const until = performance.now() + SLICE_MS
      let step = work.next()
      while (step.done !== true && performance.now() < until) step = work.next()
      if (step.done !== true) return this.#goOn(work)
      this.#found = step.value
      this.#foundAt = performance.now()
    }, PAUSE_MS)
    this.#timer.unref()
  }
}
