/** Programs of checks take turns: so many run at once, and of one service not all of them. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { ChildProcess } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import type { ProbeJob } from '@lvsm/protocol'
import { type End, messageOf } from '../attempt.ts'
import { endGroup } from '../groups.ts'
import { type Place, Places } from '../places.ts'

/** At the same time, of all checks: more of them would take the machine from everything else. Of one service, so that others have places, too. */
const MOST_RUNNING = 32
const MOST_OF_ONE = 24
const MOST_WAITING = 4096
/** An answer may be so late, and no later (`attempt.ts`). */
const LONGEST_WAIT_MS = 5000
const places = new Places({ most: MOST_RUNNING, mostOfOne: MOST_OF_ONE, mostWaiting: MOST_WAITING })

const LATE = `it is late: its turn did not come, for ${MOST_RUNNING} programs run already, or ${MOST_OF_ONE} of its service`

export class Turn {
  readonly #job: ProbeJob
  readonly #end: End
  readonly #left: () => void
  readonly #askedAt = performance.now()
  #begunAt: number | null = null
  #child: ChildProcess | null = null
  #place: Place | null = null
  #patience: NodeJS.Timeout | null = null

  /** `left`: it neither runs nor waits any more. */
  constructor(job: ProbeJob, end: End, left: () => void) {
    this.#job = job
    this.#end = end
    this.#left = left
  }

  take(start: () => ChildProcess): void {
    const { virtual, timeoutMs } = this.#job
    // Whatever is thrown there ends this attempt, and not the one whose end makes room.
    const begin = AsyncLocalStorage.bind(() => {
      this.#begunAt = performance.now()
      try {
        this.#child = start()
      } catch (error) {
        this.#end(null, `it cannot be started: ${messageOf(error)}`)
        setImmediate(() => this.over())
      }
    })
    this.#place = places.take(virtual ? `${virtual.address} ${virtual.port}` : '', begin)
    if (this.#place?.waits() === false) return
    const giveUp = (): void => {
      if (this.#begunAt !== null) return
      this.over()
      this.#end(null, LATE)
    }
    if (this.#place === null) giveUp()
    else this.#patience = setTimeout(giveUp, Math.min(timeoutMs, LONGEST_WAIT_MS))
  }

  get waitedMs(): number {
    return (this.#begunAt ?? this.#askedAt) - this.#askedAt
  }

  /** The program has ended, or will not begin. */
  over(): void {
    if (this.#patience) clearTimeout(this.#patience)
    this.#place?.leave()
    this.#left()
  }
  close(): void {
    if (this.#child) endGroup(this.#child)
    else if (this.#begunAt === null) this.over()
  }
}
