/**
 * What a leader knows of one follower, and how much it sends unasked (etcd's three states).
 *
 * `probe`: the point of agreement is not known; one message, then it waits. `replicate`: messages follow each other, as many
 * as the window holds. `snapshot`: its next entry is compacted; it gets the state, and nothing else until it has it.
 *
 * Laws: matchIndex only grows; nextIndex is above matchIndex; a late refusal changes nothing.
 */
import { after, type Instant, NEVER_BEFORE } from '@lvsm/base'

export interface Progress {
  phase: 'probe' | 'replicate' | 'snapshot'
  matchIndex: number
  nextIndex: number
  /** Last index of each message under way, in order. */
  inflight: number[]
  /** A probe is under way. */
  probing: boolean
  /** Of the snapshot that it was sent last. */
  snapshotIndex: number
  snapshotUntil: Instant
  /** When it last answered in this term; at the start of a leadership, that start. */
  heardAt: Instant
  /** It has answered at all. */
  answers: boolean
  /** The newest round of heartbeats that it answered. */
  round: number
  /** Since when it has lagged no more than a learner may that becomes a voter; null: it does. */
  caughtUpSince: Instant | null
}

/** At the start of a leadership everybody is given the benefit of the doubt, for an election time-out. */
export const newProgress = (nextIndex: number, now: Instant): Progress => ({
  phase: 'probe',
  matchIndex: 0,
  nextIndex,
  inflight: [],
  probing: false,
  snapshotIndex: 0,
  snapshotUntil: NEVER_BEFORE,
  heardAt: now,
  answers: false,
  round: 0,
  caughtUpSince: null,
})

/** Not by the benefit of the doubt. */
export const isHeard = ({ answers, heardAt }: Progress, silenceMs: number, now: Instant): boolean =>
  answers && now < after(heardAt, silenceMs)

/** As a learner must that becomes a voter. */
export const hasKeptUp = ({ caughtUpSince }: Progress, forMs: number, now: Instant): boolean =>
  caughtUpSince !== null && now - caughtUpSince >= forMs

export function isPaused(progress: Progress, window: number): boolean {
  if (progress.phase === 'replicate') return progress.inflight.length >= window
  return progress.phase === 'snapshot' || progress.probing
}

export function becomeProbe(progress: Progress): void {
  progress.phase = 'probe'
  progress.nextIndex = progress.matchIndex + 1
  progress.inflight = []
  progress.probing = false
}
export function becomeSnapshot(progress: Progress, index: number, until: Instant): void {
  progress.phase = 'snapshot'
  progress.inflight = []
  progress.snapshotIndex = index
  progress.snapshotUntil = until
}

/** The snapshot has left as a whole, or never will. Either way it waits for a sign of life. */
export function snapshotLeft(progress: Progress, ok: boolean): void {
  if (progress.phase !== 'snapshot') return
  becomeProbe(progress)
  if (ok) progress.nextIndex = Math.max(progress.nextIndex, progress.snapshotIndex + 1)
  progress.probing = true
}

/** A message with entries up to `last` left; `last` below `nextIndex`: without entries. */
export function sent(progress: Progress, last: number): void {
  if (progress.phase === 'probe') {
    progress.probing = true
    return
  }
  if (last < progress.nextIndex) return
  progress.nextIndex = last + 1
  progress.inflight.push(last)
}

/** True when that is news. `reachable`: the log goes on from there. */
export function acknowledged(progress: Progress, matchIndex: number, reachable: boolean): boolean {
  const isNews = matchIndex > progress.matchIndex
  progress.matchIndex = Math.max(progress.matchIndex, matchIndex)
  progress.nextIndex = Math.max(progress.nextIndex, progress.matchIndex + 1)
  progress.inflight = progress.inflight.filter((last) => last > matchIndex)
  if (progress.phase === 'probe' || (progress.phase === 'snapshot' && reachable)) {
    becomeProbe(progress)
    progress.phase = 'replicate'
  }
  return isNews
}

/** False: it is a late one. `agreeing`: the leader's last entry that the follower may have. */
export function refused(progress: Progress, rejected: number, agreeing: number): boolean {
  if (rejected <= progress.matchIndex || progress.phase === 'snapshot') return false
  if (progress.phase === 'replicate') {
    becomeProbe(progress)
    return true
  }
  if (rejected !== progress.nextIndex - 1) return false
  progress.nextIndex = Math.max(Math.min(rejected, agreeing + 1), progress.matchIndex + 1)
  progress.probing = false
  return true
}

/** Looks whether it keeps up; `lastIndex` is the leader's. */
export function watchLag(
  progress: Progress,
  lastIndex: number,
  limits: { lag: number; silenceMs: number },
  now: Instant,
): void {
  const keepsUp =
    progress.phase === 'replicate' &&
    lastIndex - progress.matchIndex <= limits.lag &&
    isHeard(progress, limits.silenceMs, now)
  if (!keepsUp) progress.caughtUpSince = null
  else progress.caughtUpSince ??= now
}
