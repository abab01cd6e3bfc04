/**
 * When to check whom: a heap of due times, so that a wake costs no more with ten thousand targets than with ten. Targets
 * may come and go at any time; those that stay keep their place in time.
 */
import { after, between, type Instant } from '@lvsm/base'

export interface Target {
  readonly id: string
  /** Milliseconds. */
  readonly intervalMs: number
  readonly timeoutMs: number
}
interface Slot {
  target: Target
  nextAt: Instant
  /** Since when a check is under way; null when none is. */
  since: Instant | null
  /** Added to the first interval, so that many targets make no burst. */
  offsetMs: number
}
interface Entry {
  readonly at: Instant
  readonly id: string
}
export interface Schedule {
  readonly slots: Map<string, Slot>
  /** A binary heap by time; an entry whose slot has another time is out of date. */
  readonly queue: Entry[]
}

export const newSchedule = (): Schedule => ({ slots: new Map(), queue: [] })

/** A lost answer of a probe must not stop its checks for ever. */
const LOST_AFTER = 4

/** These targets and no others. New ones are due at once; their following checks are spread over the interval. */
export function setTargets(schedule: Schedule, targets: readonly Target[], now: Instant): void {
  const wanted = new Set(targets.map(({ id }) => id))
  for (const id of schedule.slots.keys()) if (!wanted.has(id)) schedule.slots.delete(id)
  targets.forEach((target, index) => {
    const known = schedule.slots.get(target.id)
    if (known) {
      const sooner = target.intervalMs < known.target.intervalMs
      known.target = target
      if (sooner) plan(schedule, target.id, known, now)
      return
    }
    const offsetMs = (target.intervalMs * index) / targets.length
    const slot: Slot = { target, nextAt: now, since: null, offsetMs }
    schedule.slots.set(target.id, slot)
    plan(schedule, target.id, slot, now)
  })
}

/** Targets to check now; each is under way until `finish`, or until its timeout is long over. */
export function takeDue(schedule: Schedule, now: Instant): Target[] {
  const found: Target[] = []
  for (let next = schedule.queue[0]; next && next.at <= now; next = schedule.queue[0]) {
    pop(schedule.queue)
    const slot = schedule.slots.get(next.id)
    if (!slot || slot.nextAt !== next.at) continue
    const { intervalMs, timeoutMs } = slot.target
    const planned = after(slot.nextAt, intervalMs + slot.offsetMs)
    slot.offsetMs = 0
    plan(schedule, next.id, slot, planned > now ? planned : after(now, intervalMs))
    if (slot.since !== null && between(slot.since, now) < timeoutMs * LOST_AFTER) continue
    slot.since = now
    found.push(slot.target)
  }
  return found
}

export function finish(schedule: Schedule, id: string): void {
  const slot = schedule.slots.get(id)
  if (slot) slot.since = null
}

/** When to ask again; null without targets. */
export function nextCheckAt(schedule: Schedule): Instant | null {
  for (let next = schedule.queue[0]; next; next = schedule.queue[0]) {
    if (schedule.slots.get(next.id)?.nextAt === next.at) return next.at
    pop(schedule.queue)
  }
  return null
}

function plan({ queue }: Schedule, id: string, slot: Slot, at: Instant): void {
  slot.nextAt = at
  let index = queue.push({ at, id }) - 1
  while (index > 0) {
    const parent = (index - 1) >> 1
    if (!swapIfLess(queue, index, parent)) return
    index = parent
  }
}

function pop(queue: Entry[]): void {
  const last = queue.pop()
  if (!last || queue.length === 0) return
  queue[0] = last
  for (let index = 0; ; ) {
    const [left, right] = [2 * index + 1, 2 * index + 2]
    const least = isLess(queue, right, left) ? right : left
    if (!swapIfLess(queue, least, index)) return
    index = least
  }
}

function isLess(queue: readonly Entry[], one: number, other: number): boolean {
  const [first, second] = [queue[one], queue[other]]
  return first !== undefined && (second === undefined || isBefore(first, second))
}
/** Of two that are due at the same time the name decides, so that the order does not hang on the heap's. */
const isBefore = (first: Entry, second: Entry): boolean =>
  first.at < second.at || (first.at === second.at && first.id < second.id)

function swapIfLess(queue: Entry[], one: number, other: number): boolean {
  const [first, second] = [queue[one], queue[other]]
  if (!first || !second || !isBefore(first, second)) return false
  queue[one] = second
  queue[other] = first
  return true
}
