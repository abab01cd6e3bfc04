/** The one inbox: reads the clock for each input, carries effects out before the next. */
import type { Instant } from '@lvsm/base'
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
  let timer: NodeJS.Timeout | undefined
  let armedFor = Number.POSITIVE_INFINITY
  let wish = Number.POSITIVE_INFINITY

  /** The wish moves with every input, mostly to later: a timer that comes too early is cheaper than one that is set anew. */
  const arm = (): void => {
    if (armedFor <= wish) return
    clearTimeout(timer)
    armedFor = wish
    timer = setTimeout(ring, Math.max(0, Math.ceil(wish - clock())))
  }
  const ring = (): void => {
    armedFor = Number.POSITIVE_INFINITY
    if (clock() < wish) return arm()
    wish = Number.POSITIVE_INFINITY
    feed({ kind: 'wake' })
  }
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
        if (effect.kind !== 'wake') {
          carry(effect)
          continue
        }
        wish = effect.at
        arm()
      }
    }
    busy = false
  }
  return {
    feed,
    stop() {
      stopped = true
      clearTimeout(timer)
    },
    dropped: () => dropped,
  }
}
