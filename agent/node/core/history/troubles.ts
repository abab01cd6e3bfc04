/** Troubles as events: one when it begins, one when it is over, with how long it lasted. */
import { after, between, fullBucket, type Instant, type Rate, spanText, takeToken, type Trouble } from '@lvsm/base'
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
    if (found) Object.assign(lasting, { message: found.message, goneAt: null, isCarried: false })
    else lasting.goneAt ??= now
    const isSought = lasting.isCarried && now < after(state.startedAt, foundMs(state, lasting))
    if (lasting.goneAt !== null && !isSought && between(lasting.goneAt, now) >= OVER_MS)
      isOver(state, key, lasting, lasting.goneAt)
  }
  if (now < after(state.startedAt, STARTS_MS)) return
  for (const [key, trouble] of there) if (!history.lasting.has(key)) begins(state, key, trouble)
}

/** What needs longer than a moment to be found: by what others say for a while, and by checks. Milliseconds after the start of an agent. */
const FOUND_MS: Readonly<Record<string, number>> = {
  disagreement: 60_000,
  'standby-unaware': 60_000,
  'one-way': 30_000,
  'heard-by-others': 30_000,
}
const BY_CHECKS: ReadonlySet<string> = new Set([
  ...['backup-serves', 'below-quorum', 'certificate-expires', 'check-unknown', 'own-view-silent', 'standby-finds-none'],
  ...['service-unchecked', 'via-late', 'via-refused'],
])
const CHECKS_MS = 30_000
/** Checks in a row until one is believed, or known to say nothing. */
const CHECKS = 4

function foundMs({ view }: NodeState, { code }: Lasting): number {
  if (!BY_CHECKS.has(code)) return FOUND_MS[code] ?? 0
  const each = (view?.services ?? []).map(({ check }) => check.intervalMs + check.timeoutMs)
  return CHECKS_MS + CHECKS * each.reduce((most, one) => Math.max(most, one), 0)
}

function begins(state: NodeState, key: string, { code, severity, message, object = '' }: Trouble): void {
  const { history, now } = state
  const bucket = history.begun.get(code) ?? fullBucket(BEGUN, now)
  history.begun.set(code, bucket)
  if (history.lasting.size >= MOST_LASTING || !takeToken(bucket, BEGUN, now)) return
  history.lasting.set(key, { code, object, message, since: now, goneAt: null, isCarried: false })
  const more = bucket.tokens < 1 ? '; it comes and goes: for a while it is not told again' : ''
  note(state, { group: '', kind: 'trouble', number: 0, reason: `${message}${more}`, details: { code, severity } })
}

function isOver(state: NodeState, key: string, { code, message, since }: Lasting, goneAt: Instant): void {
  const lastedMs = Math.max(0, Math.round(between(since, goneAt)))
  state.history.lasting.delete(key)
  const reason = `over after ${spanText(lastedMs)}: ${message}`
  note(state, { group: '', kind: 'over', number: 0, reason, details: { code, lastedMs } }, goneAt)
}
