/** Timers of an event loop whose plans change with every input. */
import type { Instant } from '@lvsm/base'

const NEVER = Number.POSITIVE_INFINITY

export interface Alarm {
  /** Rings once, not before `at`; a later call replaces it. */
  set(at: Instant): void
  stop(): void
}

/** The time moves with every input, mostly to later: a timer that comes too early is cheaper than one that is set anew. */
export function createAlarm(clock: () => Instant, ring: () => void): Alarm {
  let timer: NodeJS.Timeout | undefined
  let armedFor = NEVER
  let dueAt = NEVER
  const arm = (): void => {
    if (armedFor <= dueAt) return
    clearTimeout(timer)
    armedFor = dueAt
    timer = setTimeout(expire, Math.max(0, Math.ceil(dueAt - clock())))
  }
  const expire = (): void => {
    armedFor = NEVER
    if (clock() < dueAt) return arm()
    dueAt = NEVER
    ring()
  }
  return {
    set(at) {
      dueAt = at
      arm()
    },
    stop: () => clearTimeout(timer),
  }
}

/** However often it is called: `work` once, when the present turn of the loop has brought all that it brings. */
export const oncePerTurn = (work: () => void): (() => void) => once(setImmediate, work)

/** However often it is called: `work` once, `ms` after the first call. */
export const onceAfter = (ms: number, work: () => void): (() => void) => once((run) => setTimeout(run, ms), work)

function once(wait: (run: () => void) => unknown, work: () => void): () => void {
  let due = false
  return () => {
    if (due) return
    due = true
    wait(() => {
      due = false
      work()
    })
  }
}
