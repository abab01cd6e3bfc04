/**
 * What runs a pure core: one inbox, one input at a time, effects carried out in their order before the next input. Both
 * processes, their warm-up, their tests and the simulator run their cores by this one.
 *
 * Laws: the clock is read anew for each input, after it arrived and before its effects are carried out; an answer that an
 * effect brings comes after what waits already; what the core waits for is never dropped; a turn ends, whatever answers bring: a
 * core that has something to do again as soon as the kernel answered would else never hear of anything that came in meanwhile.
 */
import { between, type Instant } from '@lvsm/base'

export interface Wake {
  readonly kind: 'wake'
}
export interface WakeAt {
  readonly kind: 'wake'
  readonly at: Instant
}
/** One timer; it rings when its time has come and not before; a later call replaces it. */
export interface Alarm {
  set(at: Instant): void
  stop(): void
}

export interface DriverParts<Input, Effect> {
  clock(): Instant
  step(input: Input | Wake, now: Instant): readonly (Effect | WakeAt)[]
  /** May feed what it has to answer; may throw: what waits is done all the same, by the next feed. */
  carryOut(effect: Effect): void
  alarm(ring: () => void): Alarm
  /**
   * Calls back when what came in meanwhile had its turn. Not there: turns have no end, which does no harm where nothing comes in (a
   * warm-up, a fixture), or no effect is answered at once (a coordinator).
   */
  later?(resume: () => void): void
  /** Inputs that may wait. */
  readonly longestInbox: number
  /** Whether the core can do without this input when the inbox is full. */
  mayDrop(input: Input): boolean
  dropped(input: Input): void
}

export interface Driver<Input> {
  feed(input: Input): void
  /** Nothing more is taken in, and the alarm is off; what the present step asked for is carried out. */
  stop(): void
  /** Nothing more happens, not even what is left of the present step: an effect could not be carried out that all others need. */
  halt(): void
}

/** Milliseconds after which the rest of what waits is left to another turn: many times what a core needs for all of it. */
export const TURN_MS = 20

export function startDriver<Input extends { readonly kind: string }, Effect extends { readonly kind: string }>(
  parts: DriverParts<Input, Effect>,
): Driver<Input> {
  const inbox: (Input | Wake)[] = []
  let [running, postponed, stopped, halted] = [false, false, false, false]

  const put = (input: Input | Wake): void => {
    if (stopped) return
    inbox.push(input)
    if (!running) turn()
  }
  const turn = (): void => {
    running = true
    let began: Instant | null = null
    try {
      for (let next = inbox.shift(); next && !stopped; next = inbox.shift()) {
        const now = parts.clock()
        take(next, now)
        began ??= now
        if (parts.later && inbox.length > 0 && between(began, now) >= TURN_MS) return postpone(parts.later)
      }
    } finally {
      running = false
    }
  }
  const postpone = (later: (resume: () => void) => void): void => {
    if (postponed) return
    postponed = true
    later(() => {
      postponed = false
      turn()
    })
  }
  const take = (input: Input | Wake, now: Instant): void => {
    for (const effect of parts.step(input, now)) {
      if (halted) return
      if (isWake(effect)) alarm.set(effect.at)
      else parts.carryOut(effect)
    }
  }
  const alarm = parts.alarm(() => put({ kind: 'wake' }))
  return {
    feed(input) {
      if (inbox.length >= parts.longestInbox && parts.mayDrop(input)) parts.dropped(input)
      else put(input)
    },
    stop() {
      stopped = true
      alarm.stop()
    },
    halt() {
      stopped = true
      halted = true
    },
  }
}

const isWake = (effect: { readonly kind: string }): effect is WakeAt => effect.kind === 'wake'
