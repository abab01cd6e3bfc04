/**
 * What is wrong in the cluster, one entry for each cause, as every node that may tell of it keeps it: who says it, since when, and which
 * receiver was told what. Every such node keeps the same book, so that whoever is next goes on where the one before it ended.
 *
 * Laws: an entry lasts as long as one node says it, or one that said it is not heard; who may have been told that something began is told
 * that it is over; what nobody knows to be told is told.
 */
import { after, between, type Instant, later } from '@lvsm/base'
import { type AlertsMessage, type CauseReport, withoutEchoes } from '@lvsm/protocol'
import { again, type Alert, begin, detailsOf, isUntold, keyOf } from './alert.ts'
import { type Ends, noteEnd, overAt } from './flapping.ts'
import { admit, type IsWanted, MOST_ALERTS, newRoom, placeOf, type Room } from './room.ts'

/** What comes and goes within this time was nothing; and what is back within that was never over. Milliseconds. */
export const HOLD_MS = 3000
export const OVER_MS = 10_000
/** What is over, and told, is known so long yet: what others say of it meanwhile is old. */
const FORGET_MS = 120_000
/** A node speaks every two seconds. */
export const FRESH_MS = 6000

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
  readonly room: Room
  readonly ends: Ends
}
export const newBook = (): Book => ({ alerts: new Map(), said: new Map(), room: newRoom(), ends: new Map() })

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
  const all = what.whole ? fresh : bounded([...new Map([...kept, ...fresh])])
  said.set(node, { at: now, causes: new Map(all), unable: new Set(what.unable), turn: what.whole ? null : turn })
}
/** Always the same of them: what is left out now and then would be taken for over. */
const bounded = (all: [string, SaidCause][]): [string, SaidCause][] =>
  all.length <= MOST_SAID
    ? all
    : all
        .map((entry) => ({ entry, place: placeOf(entry[1].cause) }))
        .toSorted((one, other) => (one.place < other.place ? -1 : 1))
        .slice(0, MOST_SAID)
        .map(({ entry }) => entry)
/** Where it had room for all before, or counts anew because it started, its turns begin now. */
function stillSaid([key, said]: [string, SaidCause], before: number | null, now: number): [string, SaidCause][] {
  const turn = before === null || now < before ? now : said.turn
  return now - turn > MISSED_TURNS ? [] : [[key, { cause: said.cause, turn }]]
}
export const isHeard = ({ said }: Book, node: string, now: Instant): boolean => {
  const one = said.get(node)
  return one !== undefined && between(one.at, now) < FRESH_MS
}

/** To be looked at for what only follows from what another node says: agents that follow coordinators hear each other's troubles here alone. */
interface Heard extends CauseReport {
  readonly message: string
  readonly node: string
  readonly key: string
  readonly cause: CauseReport
}

/**
 * The causes as they are said now; `nodes`: of the configuration, in its order; `isMoot`: what a node that is not heard said last counts no
 * more, because others know it better; `isWanted`: who has room where not all have. True: something began, changed or is over.
 */
export function settle(
  book: Book,
  nodes: readonly string[],
  now: Instant,
  wallMs: number,
  isMoot: (node: string, cause: CauseReport) => boolean = () => false,
  isWanted: IsWanted = () => true,
): boolean {
  for (const node of book.said.keys()) if (!nodes.includes(node)) book.said.delete(node)
  const live = new Map<string, CauseReport>()
  const unheard = new Set<string>()
  const heard: Heard[] = []
  for (const node of nodes) {
    const isFresh = isHeard(book, node, now)
    for (const [key, { cause }] of book.said.get(node)?.causes ?? [])
      if (isFresh) heard.push({ ...cause, message: cause.summary, node, key, cause })
      else if (!isMoot(node, cause)) unheard.add(key)
  }
  for (const { key, cause, severity } of withoutEchoes(heard))
    if (!live.has(key)) live.set(key, severity === cause.severity ? cause : { ...cause, severity })
  let changed = false
  const fresh: CauseReport[] = []
  for (const [key, cause] of live) {
    const alert = book.alerts.get(key)
    if (!alert) fresh.push(cause)
    else if (isSeen(book, alert, cause, now, wallMs)) changed = true
  }
  if (admit(book, fresh, isWanted, now, wallMs)) changed = true
  for (const alert of [...book.alerts.values()])
    if (!live.has(alert.key) && !unheard.has(alert.key) && isGone(book, alert, now, wallMs)) changed = true
  return changed
}

function isSeen({ alerts }: Book, alert: Alert, cause: CauseReport, now: Instant, wallMs: number): boolean {
  alert.severity = cause.severity
  alert.summary = cause.summary
  // Not every message has room for them.
  if (cause.means !== undefined || cause.next !== undefined) alert.details = detailsOf(cause)
  alert.goneAt = null
  if (alert.ended === null) return false
  alerts.set(alert.key, again(alert, begin(cause, now, wallMs), alert.ended.at, now))
  return true
}

function isGone({ alerts, ends }: Book, alert: Alert, now: Instant, wallMs: number): boolean {
  alert.goneAt ??= now
  alert.missedAt = now
  if (alert.ended) {
    // Who told it last may have done so just now: what others say meanwhile would begin it anew.
    const last = [...alert.told.values()].reduce((at, one) => later(at, one.at), alert.ended.at)
    return isUntold(alert) && between(last, now) >= FORGET_MS && alerts.delete(alert.key)
  }
  if (isUntold(alert) && between(alert.since, alert.goneAt) < HOLD_MS) return alerts.delete(alert.key)
  if (now < overAt(ends, alert.key, alert.goneAt, OVER_MS)) return false
  noteEnd(ends, alert.key, now)
  alert.ended = { at: now, wallMs: Math.round(wallMs - between(alert.goneAt, now)) }
  return true
}

/** When time alone changes something. */
export function nextSettle({ alerts, said, ends }: Book, now: Instant): Instant[] {
  const stale = [...said.values()].flatMap(({ at }) => (between(at, now) < FRESH_MS ? [after(at, FRESH_MS)] : []))
  const over = [...alerts.values()].flatMap(({ key, goneAt, ended }) =>
    ended ? [after(ended.at, FORGET_MS)] : goneAt === null ? [] : [overAt(ends, key, goneAt, OVER_MS)],
  )
  return [...stale, ...over].filter((at) => at > now)
}
