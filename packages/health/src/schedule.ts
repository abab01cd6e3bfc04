/**
 * When to check whom: a heap of due times, so that a wake costs no more with ten thousand targets than with ten. Targets
 * may come and go at any time; those that stay keep their place in time.
 */
import { after, type Instant, later } from '@lvsm/base'
import { jittered } from './pace.ts'

export interface Target {
  readonly id: string
  /** Milliseconds. */
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Part of an interval by which it is made shorter at most, 0 to 1. */
  readonly jitter?: number
}
/** One to check now. */
export interface Due extends Target {
  /** Since when it is due. */
  readonly dueAt: Instant
}
interface Slot {
  target: Target
  /** Milliseconds until it is asked again: its interval, or what was last said (`setPace`). */
  paceMs: number
  /** When it was due last. */
  askedAt: Instant
  round: number
  nextAt: Instant
  /** Since when a check is under way; null when none is. */
  since: Instant | null
  /** It was due again while one was under way: it is asked as soon as that one has ended. */
  waits: boolean
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
  /** Of the jitter. */
  readonly seed: string
}

export const newSchedule = (seed = ''): Schedule => ({ slots: new Map(), queue: [], seed })

/** So many new targets are asked at once; the others one after the other, so that a start is no burst. */
const AT_ONCE = 32
const APART_MS = 1

/** A lost answer of a probe must not stop its checks for ever. */
const LOST_AFTER = 4

/** These targets and no others. New ones are due at once, or shortly after where they are many; their following checks are spread over the interval. */
export function setTargets(schedule: Schedule, targets: readonly Target[], now: Instant): void {
  const wanted = new Set(targets.map(({ id }) => id))
  for (const id of schedule.slots.keys()) if (!wanted.has(id)) schedule.slots.delete(id)
  let begun = 0
  targets.forEach((target, index) => {
    const known = schedule.slots.get(target.id)
    if (known) {
      const sooner = target.intervalMs < known.target.intervalMs
      if (target.intervalMs !== known.target.intervalMs) known.paceMs = target.intervalMs
      known.target = target
      if (sooner) plan(schedule, target.id, known, now)
      return
    }
    const offsetMs = (target.intervalMs * index) / targets.length
    const first = after(now, Math.min(Math.max(0, begun - AT_ONCE + 1) * APART_MS, target.intervalMs))
    begun += 1
    const slot: Slot = {
      target,
      paceMs: target.intervalMs,
      askedAt: now,
      round: 0,
      nextAt: first,
      since: null,
      waits: false,
      offsetMs,
    }
    schedule.slots.set(target.id, slot)
    plan(schedule, target.id, slot, first)
  })
}

/**
 * Targets to check now; each is under way until `finish`, or until its timeout is long over. One that is due meanwhile waits for that, and no
 * longer: a server that takes all of its time to answer is asked as often as its pace lets.
 */
export function takeDue(schedule: Schedule, now: Instant): Due[] {
  const found: Due[] = []
  for (let next = schedule.queue[0]; next && next.at <= now; next = schedule.queue[0]) {
    pop(schedule.queue)
    const slot = schedule.slots.get(next.id)
    if (!slot || slot.nextAt !== next.at) continue
    const lostAt = slot.since === null ? now : after(slot.since, slot.target.timeoutMs * LOST_AFTER)
    if (now < lostAt) {
      slot.waits = true
      plan(schedule, next.id, slot, lostAt)
      continue
    }
    slot.round += 1
    const paceMs = paceNow(schedule, slot)
    const planned = after(slot.nextAt, paceMs + slot.offsetMs)
    slot.askedAt = slot.nextAt
    slot.offsetMs = 0
    plan(schedule, next.id, slot, planned > now ? planned : after(now, paceMs))
    slot.since = now
    slot.waits = false
    found.push({ ...slot.target, dueAt: slot.askedAt })
  }
  return found
}

export function finish(schedule: Schedule, id: string, now: Instant): void {
  const slot = schedule.slots.get(id)
  if (!slot) return
  slot.since = null
  if (!slot.waits) return
  slot.waits = false
  plan(schedule, id, slot, now)
}

const paceNow = ({ seed }: Schedule, { target: { id, jitter = 0 }, paceMs, round }: Slot): number =>
  jittered(paceMs, jitter, { seed, id, round })

/** From now on, beginning with the wait that is under way: what an answer said may ask for another one sooner, or later. */
export function setPace(schedule: Schedule, id: string, paceMs: number, now: Instant): void {
  const slot = schedule.slots.get(id)
  if (!slot || slot.paceMs === paceMs) return
  slot.paceMs = paceMs
  plan(schedule, id, slot, later(now, after(slot.askedAt, paceNow(schedule, slot))))
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
