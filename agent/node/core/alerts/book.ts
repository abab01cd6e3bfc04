/**
 * What is wrong in the cluster, one entry for each cause, as every node that may tell of it keeps it: who says it, since when, and which
 * receiver was told what. Every such node keeps the same book, so that whoever is next goes on where the one before it ended.
 *
 * Laws: an entry lasts as long as one node says it, or one that said it is not heard; who may have been told that something began is told
 * that it is over; what nobody knows to be told is told.
 */
import { after, between, type Instant, later, NEVER_BEFORE, type Severity } from '@lvsm/base'
import type { AlertsMessage, CauseReport } from '@lvsm/protocol'

/** What comes and goes within this time was nothing; and what is back within that was never over. Milliseconds. */
export const HOLD_MS = 3000
export const OVER_MS = 10_000
/** What is over, and told, is known so long yet: what others say of it meanwhile is old. */
const FORGET_MS = 120_000
/** A node speaks every two seconds. */
export const FRESH_MS = 6000
/** Beyond it the cluster has one trouble: the first of them are told. */
export const MOST_ALERTS = 512

export interface Telling {
  /** `maybe`: it was due, and who had to tell it did not say yet that it did. */
  readonly what: 'maybe' | 'firing' | 'resolved'
  readonly at: Instant
}
export interface Alert {
  readonly key: string
  readonly code: string
  readonly object: string
  severity: Severity
  summary: string
  since: Instant
  /** Wall clock of who saw it first. */
  startedMs: number
  /** Nobody says it any more since then. */
  goneAt: Instant | null
  /** The last time that nobody said it: who told may have taken it for over. */
  missedAt: Instant
  /** The end of the one before it: what was told until then is told of that one. */
  readonly notBefore: Instant
  ended: { readonly at: Instant; readonly wallMs: number } | null
  /** By receiver. */
  readonly told: Map<string, Telling>
}
/** What one node says. */
interface Said {
  at: Instant
  causes: ReadonlyMap<string, SaidCause>
  unable: ReadonlySet<string>
  /** Of those that had no room in one message; null: they had. */
  turn: number | null
}
interface SaidCause {
  readonly cause: CauseReport
  /** When it was said last. */
  readonly turn: number
}
export interface Book {
  readonly alerts: Map<string, Alert>
  readonly said: Map<string, Said>
}
export const newBook = (): Book => ({ alerts: new Map(), said: new Map() })

export const keyOf = ({ code, object }: Pick<CauseReport, 'code' | 'object'>): string => `${code} ${object}`

/** Of one node, whatever it says. */
const MOST_SAID = MOST_ALERTS
/** What so many whole turns left out is over: of one of them a message may have been lost. */
const MISSED_TURNS = 2

/** `whole` false: it had no room for all of them, and those that it said lately may still be so. */
export function noteSaid(
  { said }: Book,
  node: string,
  what: Pick<AlertsMessage, 'whole' | 'turn'> & {
    readonly causes: readonly CauseReport[]
    readonly unable: readonly string[]
  },
  now: Instant,
): void {
  const before = said.get(node)
  const turn = what.turn ?? before?.turn ?? 0
  const fresh = what.causes.map((cause): [string, SaidCause] => [keyOf(cause), { cause, turn }])
  const kept = before && !what.whole ? [...before.causes].flatMap((one) => stillSaid(one, before.turn, turn)) : []
  // What was said last stands last.
  const all = what.whole ? fresh : [...new Map([...kept, ...fresh])].slice(-MOST_SAID)
  said.set(node, { at: now, causes: new Map(all), unable: new Set(what.unable), turn: what.whole ? null : turn })
}
/** Where it had room for all before, or counts anew because it started, its turns begin now. */
function stillSaid([key, said]: [string, SaidCause], before: number | null, now: number): [string, SaidCause][] {
  const turn = before === null || now < before ? now : said.turn
  return now - turn > MISSED_TURNS ? [] : [[key, { cause: said.cause, turn }]]
}
export const isHeard = ({ said }: Book, node: string, now: Instant): boolean => {
  const one = said.get(node)
  return one !== undefined && between(one.at, now) < FRESH_MS
}

/**
 * The causes as they are said now; `nodes`: of the configuration, in its order; `isMoot`: what a node that is not heard said last counts no
 * more, because others know it better. True: something began, changed or is over.
 */
export function settle(
  book: Book,
  nodes: readonly string[],
  now: Instant,
  wallMs: number,
  isMoot: (node: string, cause: CauseReport) => boolean = () => false,
): boolean {
  for (const node of book.said.keys()) if (!nodes.includes(node)) book.said.delete(node)
  const live = new Map<string, CauseReport>()
  const unheard = new Set<string>()
  for (const node of nodes) {
    const heard = isHeard(book, node, now)
    for (const [key, { cause }] of book.said.get(node)?.causes ?? [])
      if (!heard) {
        if (!isMoot(node, cause)) unheard.add(key)
      } else if (!live.has(key)) live.set(key, cause)
  }
  let changed = false
  for (const [key, cause] of live) if (isSeen(book, key, cause, now, wallMs)) changed = true
  for (const alert of [...book.alerts.values()])
    if (!live.has(alert.key) && !unheard.has(alert.key) && isGone(book, alert, now, wallMs)) changed = true
  return changed
}

function isSeen({ alerts }: Book, key: string, cause: CauseReport, now: Instant, wallMs: number): boolean {
  const alert = alerts.get(key)
  if (!alert) {
    if (alerts.size < MOST_ALERTS) alerts.set(key, begin(cause, now, wallMs))
    return alerts.has(key)
  }
  alert.severity = cause.severity
  alert.summary = cause.summary
  alert.goneAt = null
  if (alert.ended === null) return false
  alerts.set(key, again(alert, begin(cause, now, wallMs), alert.ended.at, now))
  return true
}
/** It is back. Who has not heard that it was over knows it as firing, and hears of the new beginning. */
export function again({ told }: Alert, fresh: Alert, notBefore: Instant, now: Instant): Alert {
  const known = [...told].map(([receiver, one]): [string, Telling] => [
    receiver,
    one.what === 'resolved' ? one : { what: 'maybe', at: now },
  ])
  return { ...fresh, notBefore, told: new Map(known) }
}
/** Nobody was told that it began, or it was told to be over since. */
export const isUntold = ({ told }: Pick<Alert, 'told'>): boolean =>
  [...told.values()].every(({ what }) => what === 'resolved')

const begin = ({ code, object, severity, summary }: CauseReport, now: Instant, wallMs: number): Alert => ({
  ...{ key: keyOf({ code, object }), code, object, severity, summary },
  ...{ since: now, startedMs: wallMs, goneAt: null, ended: null, told: new Map() },
  ...{ missedAt: NEVER_BEFORE, notBefore: NEVER_BEFORE },
})

function isGone({ alerts }: Book, alert: Alert, now: Instant, wallMs: number): boolean {
  alert.goneAt ??= now
  alert.missedAt = now
  if (alert.ended) {
    // Who told it last may have done so just now: what others say meanwhile would begin it anew.
    const last = [...alert.told.values()].reduce((at, one) => later(at, one.at), alert.ended.at)
    return isUntold(alert) && between(last, now) >= FORGET_MS && alerts.delete(alert.key)
  }
  if (isUntold(alert) && between(alert.since, alert.goneAt) < HOLD_MS) return alerts.delete(alert.key)
  if (between(alert.goneAt, now) < OVER_MS) return false
  alert.ended = { at: now, wallMs: Math.round(wallMs - between(alert.goneAt, now)) }
  return true
}

/** When time alone changes something. */
export function nextSettle({ alerts, said }: Book, now: Instant): Instant[] {
  const stale = [...said.values()].flatMap(({ at }) => (between(at, now) < FRESH_MS ? [after(at, FRESH_MS)] : []))
  const over = [...alerts.values()].flatMap(({ goneAt, ended }) =>
    ended ? [after(ended.at, FORGET_MS)] : goneAt === null ? [] : [after(goneAt, OVER_MS)],
  )
  return [...stale, ...over].filter((at) => at > now)
}
