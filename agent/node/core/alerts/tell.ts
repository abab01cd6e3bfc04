/** Who is to be told of what, now; and what others say that they told. */
import { after, between, type Instant, NEVER_BEFORE, type Severity } from '@lvsm/base'
import type { ToldEntry } from '@lvsm/protocol'
import { again, type Alert, keyOf, type Telling } from './alert.ts'
import { type Book, HOLD_MS, isHeard } from './book.ts'
import { noteEnd } from './flapping.ts'
import { MOST_ALERTS } from './room.ts'

/** As much of a receiver as says when it is told. */
export interface Listener {
  readonly name: string
  readonly afterMs: number
  /** 0: never. */
  readonly repeatMs: number
  readonly resolved: boolean
}
export interface Rules<L extends Listener> {
  readonly receivers: readonly L[]
  readonly wants: (receiver: L, alert: Pick<Alert, 'code' | 'object' | 'severity'>) => boolean
  readonly silenced: (alert: Alert) => boolean
}
export interface Due {
  readonly alert: Alert
  readonly what: 'firing' | 'resolved'
  /** As it is told. */
  readonly severity: Severity
}

/** Silence is known after three seconds, and of a link or a node that is back a little later nobody needs a mail; what is critical waits for nothing. */
const OFTEN_BRIEF: ReadonlySet<string> = new Set(['link-silent', 'one-way', 'heard-by-others'])
const BRIEF_MS = 10_000
const holdOf = ({ code, severity }: Alert): number =>
  severity !== 'critical' && OFTEN_BRIEF.has(code) ? BRIEF_MS : HOLD_MS

const dueAt = (alert: Alert, { afterMs }: Listener): Instant => after(alert.since, Math.max(holdOf(alert), afterMs))

/** Null: nothing is to be told. */
function dueOf(alert: Alert, receiver: Listener, now: Instant): Due['what'] | null {
  const { ended, goneAt, told } = alert
  const before = told.get(receiver.name)
  if (ended) return receiver.resolved && (before?.what === 'firing' || before?.what === 'maybe') ? 'resolved' : null
  if (goneAt !== null || now < dueAt(alert, receiver)) return null
  if (before?.what !== 'firing' || isWorse(alert, before)) return 'firing'
  return receiver.repeatMs > 0 && between(before.at, now) >= receiver.repeatMs ? 'firing' : null
}

/** Whoever knows the warning hears at once that it is critical now, and once. */
export const isWorse = ({ severity }: Pick<Alert, 'severity'>, told: Telling | undefined): boolean =>
  severity === 'critical' && told?.what === 'firing' && told.severity === 'warning'

/**
 * By receiver. What begins to be due is marked as perhaps told, on every node: whoever has to tell it may do so and die. `wants` counts for
 * what begins; what was told is told to be over, whatever is wanted or silenced meanwhile.
 */
export function duesOf<L extends Listener>(
  { alerts }: Book,
  rules: Rules<L>,
  now: Instant,
): ReadonlyMap<L, readonly Due[]> {
  const found = new Map<L, Due[]>()
  for (const alert of alerts.values()) {
    const silenced = rules.silenced(alert)
    for (const receiver of rules.receivers) {
      const what = dueOf(alert, receiver, now)
      if (what === null || (what === 'firing' && (silenced || !rules.wants(receiver, alert)))) continue
      const before = alert.told.get(receiver.name)?.what ?? 'resolved'
      if (what === 'firing' && before === 'resolved')
        alert.told.set(receiver.name, { what: 'maybe', at: dueAt(alert, receiver) })
      found.set(receiver, [...(found.get(receiver) ?? []), { alert, what, severity: alert.severity }])
    }
    forgetUnwanted(alert, rules.receivers)
  }
  return found
}
/** Of what is over: who is no receiver any more, or does not want to know that. */
function forgetUnwanted({ ended, told }: Alert, receivers: readonly Listener[]): void {
  if (ended)
    for (const name of told.keys()) if (!receivers.some((one) => one.name === name && one.resolved)) told.delete(name)
}
/** What a receiver was told that it began, or is about to be, and lasts; without what is silenced. */
export const lastingFor = <L extends Listener>(
  { alerts }: Book,
  { name }: L,
  silenced: Rules<L>['silenced'],
): readonly Alert[] =>
  [...alerts.values()].filter((alert) => {
    const what = alert.told.get(name)?.what
    return alert.ended === null && (what === 'firing' || what === 'maybe') && !silenced(alert)
  })
/**
 * Which time it is that somebody is told who knows it: any node calls it the same, so that what is sent twice is known to be the same. Null:
 * he hears of it for the first time, or that it is over.
 */
export function againOf(alert: Alert, { name, repeatMs }: Listener, now: Instant): string | null {
  const before = alert.told.get(name)
  if (alert.ended || before?.what !== 'firing') return null
  if (isWorse(alert, before)) return 'critical'
  return String(repeatMs > 0 ? Math.floor(between(alert.since, now) / repeatMs) : 0)
}

/** When time alone makes something due. */
export function nextDue({ alerts }: Book, receivers: readonly Listener[], now: Instant): Instant[] {
  return [...alerts.values()].flatMap((alert) =>
    alert.ended || alert.goneAt !== null
      ? []
      : receivers.flatMap((receiver) => {
          const before = alert.told.get(receiver.name)
          const again = before?.what === 'firing' && receiver.repeatMs > 0 ? [after(before.at, receiver.repeatMs)] : []
          return [dueAt(alert, receiver), ...again].filter((at) => at > now)
        }),
  )
}

/** It was told, and took it. An entry that began anew meanwhile is another one. */
export function noteTold({ alerts }: Book, receiver: string, taken: readonly Due[], now: Instant): void {
  for (const { alert, what, severity } of taken) {
    if (alerts.get(alert.key) !== alert || (what === 'resolved') !== (alert.ended !== null)) continue
    const isKnown = alert.told.get(receiver)?.severity === 'critical'
    alert.told.set(
      receiver,
      what === 'firing' ? { what, at: now, severity: isKnown ? 'critical' : severity } : { what, at: now },
    )
  }
}

/** Until a node that is not heard is taken for gone, what was under way has ended, and what it did is known. */
const LATELY_MS = 60_000

/** Of those that may tell, in the order of the configuration, the first that is heard and reaches that receiver; else the first that is heard. */
export function senderOf(book: Book, tellers: readonly string[], receiver: string, now: Instant): string | null {
  const heard = tellers.filter((node) => isHeard(book, node, now))
  return heard.find((node) => book.said.get(node)?.unable.has(receiver) !== true) ?? heard[0] ?? null
}

/** What another node knows to be told. */
export function mergeTold(book: Book, entries: readonly ToldEntry[], now: Instant, wallMs: number): boolean {
  let changed = false
  for (const entry of entries) if (mergeEntry(book, entry, now, wallMs)) changed = true
  return changed
}
function mergeEntry({ alerts, ends }: Book, entry: ToldEntry, now: Instant, wallMs: number): boolean {
  const key = keyOf(entry)
  const known = alerts.get(key)
  const isOpen = Object.values(entry.told).some(({ what }) => what !== 'resolved')
  // Of what is over and told nobody needs to know; what is told of an end before this beginning is old.
  if (!known && (!isOpen || alerts.size > 2 * MOST_ALERTS)) return false
  const { code, object, severity, summary, startedMs, ageMs } = entry
  const since = after(now, -ageMs)
  const fresh: Alert = {
    ...{ key, code, object, severity, summary, details: {}, since, startedMs },
    ...{ goneAt: now, missedAt: now, notBefore: NEVER_BEFORE, ended: null, told: new Map<string, Telling>() },
  }
  const isBack = known?.ended && entry.endedMs === null && since > known.ended.at
  const alert = known?.ended && isBack ? again(known, fresh, known.ended.at, now) : (known ?? fresh)
  if (alert !== known) alerts.set(key, alert)
  if (alert.ended === null && entry.endedMs === null && since < alert.since && since >= alert.notBefore) {
    alert.since = since
    alert.startedMs = startedMs
  }
  // Where somebody says it here, it lasts or began anew: who was told that it is over hears that it is not.
  if (alert.ended === null && entry.endedMs !== null && alert.goneAt !== null) {
    alert.ended = { at: now, wallMs: Math.min(entry.endedMs, wallMs) }
    noteEnd(ends, key, now)
  }
  return Object.entries(entry.told).reduce(
    (any, [receiver, one]) => mergeTelling(alert, receiver, one, now) || any,
    !known,
  )
}
/** What they tell each other grows a little older each time: what is hardly newer is the same, or what it was before it was told. */
const SAME_MS = 1000
function mergeTelling(
  { told, since, ended }: Alert,
  receiver: string,
  { what, ageMs, severity, anew }: ToldEntry['told'][string],
  now: Instant,
): boolean {
  const before = told.get(receiver)
  const at = after(now, -ageMs)
  // That the one before it began, or was over.
  if (what === 'firing' && ended === null && between(since, at) < 0) return false
  const isWhatMayBe = before?.what === 'maybe' && before.anew !== true && what === 'firing'
  const isSame = before?.what === what || (before?.what === 'firing' && what === 'maybe')
  if (before && !isWhatMayBe && (at <= before.at || (isSame && between(before.at, at) < SAME_MS))) return false
  told.set(receiver, { what, at, ...(severity === undefined ? {} : { severity }), ...(anew === true ? { anew } : {}) })
  return true
}

/** What the others, or the next life of this agent, are to know of it. */
export const entryOf = (alert: Alert, now: Instant): ToldEntry => ({
  ...{ code: alert.code, object: alert.object, severity: alert.severity, summary: alert.summary },
  startedMs: alert.startedMs,
  endedMs: alert.ended?.wallMs ?? null,
  ageMs: Math.max(0, Math.round(between(alert.since, now))),
  told: Object.fromEntries(
    [...alert.told].map(([receiver, { at, ...one }]) => [
      receiver,
      { ...one, ageMs: Math.max(0, Math.round(between(at, now))) },
    ]),
  ),
})

/** Who told a receiver before may have told it more than it said: what seemed to be over lately, and lasts, is told anew. */
export function takeOver({ alerts }: Book, receiver: string, now: Instant): void {
  for (const { told, ended, missedAt } of alerts.values())
    if (!ended && told.has(receiver) && between(missedAt, now) < LATELY_MS)
      told.set(receiver, { what: 'maybe', at: now, anew: true })
}
