/** Troubles as events: one when it begins, one when it is over, with how long it lasted. */
import {
  after,
  between,
  fullBucket,
  type Instant,
  later,
  type Rate,
  spanText,
  takeToken,
  type TokenBucket,
  type Trouble,
} from '@lvsm/base'
import { WORSE } from '@lvsm/protocol'
import type { NodeState } from '../state.ts'
import { note } from './history.ts'
import type { Lasting } from './ring.ts'
import { sameOf } from './same.ts'

/** A process that has just started knows nothing yet: what is only that is no trouble. Milliseconds. */
const STARTS_MS = 5000
/** What is back within this time was never over. */
const OVER_MS = 5000
/** Of one kind: what comes and goes without end is not told each time. */
const BEGUN: Rate = { perSecond: 1 / 60, burst: 10 }
const MOST_LASTING = 128

export function noteTroubles(state: NodeState, present: readonly Trouble[]): void {
  const { history, now } = state
  const told = present.filter(({ severity }) => severity !== 'info')
  const there = new Map(told.map((trouble) => [sameOf(trouble), trouble]))
  for (const [key, lasting] of history.lasting) {
    const found = there.get(key)
    if (found) lasts(state, lasting, found)
    else lasting.goneAt ??= now
    const isSought = lasting.isCarried && now < soughtUntil(state, lasting)
    if (lasting.goneAt !== null && !isSought && between(lasting.goneAt, now) >= OVER_MS)
      isOver(state, key, lasting, lasting.goneAt)
  }
  if (now < after(state.startedAt, STARTS_MS)) return
  for (const [key, trouble] of there) if (!history.lasting.has(key)) begins(state, key, trouble)
}

/**
 * What needs longer than a moment to be found: by what others say for a while, by what grew from one reading of this machine to another, and by
 * checks. Milliseconds after the start of an agent.
 */
const FOUND_MS: Readonly<Record<string, number>> = {
  disagreement: 60_000,
  'standby-unaware': 60_000,
  'cut-off': 30_000,
  'one-way': 30_000,
  'heard-by-others': 30_000,
  'accepts-nobody': 30_000,
  'accepts-some': 30_000,
  'listens-elsewhere': 30_000,
  'nobody-listens': 30_000,
  'stopped-process': 30_000,
  'duplicate-address': 60_000,
  'bond-degraded': 30_000,
  'interface-slow': 30_000,
  'interface-errors': 60_000,
  'interface-flaps': 330_000,
  'memory-pressure': 60_000,
  'neighbours-full': 60_000,
  'conntrack-full': 30_000,
  'vitals-unread': 60_000,
  'clock-apart': 30_000,
}
/** What was seen once is told for so long: nothing has to come again. Milliseconds since it began. */
const TOLD_MS: Readonly<Record<string, number>> = { 'memory-killed': 900_000 }
const BY_CHECKS: ReadonlySet<string> = new Set([
  ...['backup-serves', 'below-quorum', 'certificate-expires', 'check-unknown', 'own-view-silent', 'standby-finds-none'],
  ...['service-unchecked', 'via-late', 'via-refused'],
])
const CHECKS_MS = 30_000
/** Checks in a row until one is believed, or known to say nothing. */
const CHECKS = 4

/** Until then one of an earlier life may still be found again. */
function soughtUntil(state: NodeState, lasting: Lasting): Instant {
  const { startedAt } = state
  const toldMs = TOLD_MS[lasting.code] ?? 0
  const until = after(lasting.since, toldMs)
  // One that was told longer was seen again meanwhile: nobody knows when last.
  const told = until > startedAt ? until : after(startedAt, toldMs)
  return later(told, after(startedAt, foundMs(state, lasting)))
}
function foundMs({ view }: NodeState, { code }: Lasting): number {
  if (!BY_CHECKS.has(code)) return FOUND_MS[code] ?? 0
  const each = (view?.services ?? []).map(({ check }) => check.intervalMs + check.timeoutMs)
  return CHECKS_MS + CHECKS * each.reduce((most, one) => Math.max(most, one), 0)
}

function begins(state: NodeState, key: string, { code, severity, message, object = '' }: Trouble): void {
  const { history, now } = state
  if (history.lasting.size >= MOST_LASTING) return
  const bucket = bucketOf(state, code)
  if (!takeToken(bucket, BEGUN, now)) return
  history.lasting.set(key, { code, object, message, severity, since: now, goneAt: null, isCarried: false })
  const more = bucket.tokens < 1 ? NOT_AGAIN : ''
  note(state, { group: '', kind: 'trouble', number: 0, reason: `${message}${more}`, details: { code, severity } })
}
const NOT_AGAIN = '; it comes and goes: for a while it is not told again'

/** It is there still; what it costs may have become more: who took a group over needs what was not needed before. */
function lasts(state: NodeState, lasting: Lasting, { code, severity, message }: Trouble): void {
  const isWorse = severity === 'critical' && lasting.severity === 'warning'
  Object.assign(lasting, { message, severity, goneAt: null, isCarried: false })
  const bucket = bucketOf(state, code)
  if (!isWorse || !takeToken(bucket, BEGUN, state.now)) return
  const reason = `${WORSE}${message}${bucket.tokens < 1 ? NOT_AGAIN : ''}`
  note(state, { group: '', kind: 'trouble', number: 0, reason, details: { code, severity } })
}
function bucketOf({ history, now }: NodeState, code: string): TokenBucket {
  const bucket = history.begun.get(code) ?? fullBucket(BEGUN, now)
  history.begun.set(code, bucket)
  return bucket
}

function isOver(state: NodeState, key: string, { code, message, since }: Lasting, goneAt: Instant): void {
  const lastedMs = Math.max(0, Math.round(between(since, goneAt)))
  state.history.lasting.delete(key)
  const reason = `over after ${spanText(lastedMs)}: ${message}`
  note(state, { group: '', kind: 'over', number: 0, reason, details: { code, lastedMs } }, goneAt)
}
