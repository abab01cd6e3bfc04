/** The one inbox: reads the clock for each input, carries effects out before the next. */
import type { Instant } from '@lvsm/base'
import { createAlarm } from '@lvsm/kernel'
import type { NodeCore, NodeEffect, NodeInput } from './core/index.ts'

const LONGEST_INBOX = 4096

export interface Pump {
  feed(input: NodeInput): void
  stop(): void
  /** Inputs that found the inbox full. */
  dropped(): number
}

/** `carry` may feed; what it feeds comes after what waits. */
export function startPump(core: NodeCore, clock: () => Instant, carry: (effect: NodeEffect) => void): Pump {
  const inbox: NodeInput[] = []
  let busy = false
  let stopped = false
  let dropped = 0
  const alarm = createAlarm(clock, () => feed({ kind: 'wake' }))

  const feed = (input: NodeInput): void => {
    if (stopped) return
    if (inbox.length >= LONGEST_INBOX) {
      dropped++
      return
    }
    inbox.push(input)
    if (busy) return
    busy = true
    for (let next = inbox.shift(); next && !stopped; next = inbox.shift()) {
      for (const effect of core.step(next, clock())) {
        if (effect.kind === 'wake') alarm.set(effect.at)
        else carry(effect)
      }
    }
    busy = false
  }
  return {
    feed,
    stop() {
      stopped = true
      alarm.stop()
    },
    dropped: () => dropped,
  }
}
