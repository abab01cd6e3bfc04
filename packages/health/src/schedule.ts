/** When to check whom. */
import { after, type Instant, between } from '@lvsm/base'

export interface Target {
  readonly id: string
  /** Milliseconds. */
  readonly intervalMs: number
  readonly timeoutMs: number
}
interface Slot {
  readonly target: Target
  nextAt: Instant
  /** Since when a check is under way; null when none is. */
  since: Instant | null
}
export interface Schedule {
  /** Targets to check now; each is under way until `finished`, or until its timeout is long over. */
  due(now: Instant): Target[]
  finished(id: string): void
  /** When to ask again; null without targets. */
  nextAt(): Instant | null
}

/** A lost answer of a probe must not stop its checks for ever. */
const LOST_AFTER = 4

/** The first checks at once; the following ones spread over the interval, so that many realservers make no burst. */
export function scheduleOf(targets: readonly Target[], now: Instant): Schedule {
  const slots = new Map(targets.map((target): [string, Slot] => [target.id, { target, nextAt: now, since: null }]))
  const spread = new Map(
    targets.map((target, at) => [target.id, (target.intervalMs * at) / Math.max(1, targets.length)]),
  )
  return {
    due(at) {
      const found: Target[] = []
      for (const slot of slots.values()) {
        if (slot.nextAt > at) continue
        const { id, intervalMs, timeoutMs } = slot.target
        const offset = spread.get(id) ?? 0
        spread.delete(id)
        const planned = after(slot.nextAt, intervalMs + offset)
        slot.nextAt = planned > at ? planned : after(at, intervalMs)
        if (slot.since !== null && between(slot.since, at) < timeoutMs * LOST_AFTER) continue
        slot.since = at
        found.push(slot.target)
      }
      return found
    },
    finished(id) {
      const slot = slots.get(id)
      if (slot) slot.since = null
    },
    nextAt() {
      let least: Instant | null = null
      for (const slot of slots.values()) if (least === null || slot.nextAt < least) least = slot.nextAt
      return least
    },
  }
}
