/** What happened: noted here, heard of others, and told to people, agents and coordinators. */
import { after, between, fullBucket, type Instant, type Rate, takeToken } from '@lvsm/base'
import {
  cut,
  type EventDetails,
  type EventKind,
  type EventReport,
  type Events,
  type HistoryEvent,
  isEntitled,
  LONGEST_REASON,
  type NumberedEvent,
  ordered,
} from '@lvsm/protocol'
import { directsGroup } from '../entitled.ts'
import { count, log, type NodeState } from '../state.ts'
import { keepNow, keepSoon } from './keep.ts'
import { type Entry, keyOf, LONGEST_HISTORY, put } from './ring.ts'

/** Own events younger than this are told again with every state: a lost datagram loses none. */
const RETELL_MS = 10_000
/** Of the older ones so many, to who has just started. */
const MOST_RETOLD = 20
/** So many new events of one node are taken: a director may tell of all its groups at once, and nobody goes on like that. */
const TAKEN: Rate = { perSecond: 10, burst: LONGEST_HISTORY }
/** Clocks of honest nodes differ by less. */
const AHEAD_MS = 60_000
/** As `Date.toISOString` writes it. */
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

export interface Note {
  readonly group: string
  readonly kind: EventKind
  readonly number: number
  readonly reason: string
  readonly details?: Pick<EventDetails, 'code' | 'severity' | 'lastedMs'>
  /** For the log alone. */
  readonly service?: string
}

/** Something that happened here, now or a moment ago. */
export function note(state: NodeState, what: Note, happenedAt: Instant = state.now): void {
  const { node, boot, history } = state
  const { group, kind, number, reason, details = {} } = what
  const serial = ++history.happened
  const origin = { life: boot, serial }
  const said = { group, kind, number, reason: cut(reason, LONGEST_REASON) }
  const text = `${kind}${group === '' ? '' : ` ${group}`}${number > 0 ? ` (lease ${number})` : ''}: ${reason}`
  state.recorder.memory.happened(text)
  logNote(state, what, text)
  const event = { at: state.wall(happenedAt), node, ...said, ...details, origin }
  const clock = history.clock.isSettled(state.now) ? history.clock.stamp(happenedAt) : null
  put(history, { event, key: keyOf(event), happenedAt, addedAt: state.now, serial, clock })
  keepSoon(state)
}

/** Kinds of events that are bad news; of the others nobody has to do anything. */
const BAD: ReadonlySet<string> = new Set(['failed', 'lost', 'backup', 'refused', 'ended'])
/** Troubles have lines of their own. */
const TROUBLES: ReadonlySet<string> = new Set(['trouble', 'over'])

function logNote(state: NodeState, { group, service, kind, number }: Note, text: string): void {
  if (TROUBLES.has(kind)) return
  log(state, text, {
    ...{ severity: BAD.has(kind) ? 'warning' : 'info', event: kind, node: state.node, group },
    ...(service === undefined ? {} : { service }),
    ...(number > 0 ? { lease: number } : {}),
  })
}

/** The clock has listened long enough: what happened meanwhile gets its place, for good. True where there was any. */
export function settle(state: NodeState): boolean {
  const { history, now } = state
  if (!history.clock.isSettled(now)) return false
  const waiting = history.entries
    .filter(({ clock }) => clock === null)
    .toSorted((a, b) => between(b.happenedAt, a.happenedAt))
  for (const entry of waiting) entry.clock = history.clock.stamp(entry.happenedAt)
  if (waiting.length > 0) keepNow(state)
  return waiting.length > 0
}

/** Another node's time. */
export function hearClock(state: NodeState, time: number | undefined): void {
  const isFar = time !== undefined && !state.history.clock.heard(Math.floor(time), state.now)
  if (isFar) count(state, 'drop-message-clock')
}

/** What another node says of itself; what was told before is skipped, and so is what cannot have happened to it. */
export function noteTold(state: NodeState, node: string, events: readonly EventReport[]): void {
  for (const said of events) {
    if (isEntitled(said.kind) && !directsGroup(state, node, said.group)) count(state, 'drop-message-not-entitled')
    else tell(state, node, said)
  }
}

function tell(state: NodeState, node: string, event: EventReport): void {
  const { clock, ageMs: _, ...said } = event
  const { now, history } = state
  const key = keyOf({ node, ...said })
  if (history.known.has(key)) return
  const bucket = history.budgets.get(node) ?? fullBucket(TAKEN, now)
  history.budgets.set(node, bucket)
  if (!takeToken(bucket, TAKEN, now)) return count(state, 'drop-relay-flood')
  const shown = { ...said, at: shownTime(state, said.at), node }
  // Later than now it cannot have been; an older agent says nothing of it.
  const latest = history.clock.isSettled(now) ? history.clock.read(now) : null
  const time = latest === null ? null : Math.min(clock ?? latest, latest)
  put(history, { event: shown, key, happenedAt: now, addedAt: now, serial: 0, clock: time })
  keepSoon(state)
}

/** Its clock as it says, unless that is none, or far ahead of ours. */
const shownTime = (state: NodeState, at: string): string =>
  ISO.test(at) && at <= state.wall(after(state.now, AHEAD_MS)) ? at : state.wall(state.now)

/** For people. */
export function eventsAfter(state: NodeState, cursor: string): Events {
  const { boot, history } = state
  const [life, place = ''] = cursor.split('.')
  const since = life === boot && /^\d{1,15}$/.test(place) ? Number(place) : 0
  return { events: historyOf(state, since), cursor: `${boot}.${history.arrived}` }
}

/** In the order of cause: what has no place yet is the newest. */
function historyOf({ history, now }: NodeState, since: number): readonly HistoryEvent[] {
  const latest = history.clock.read(now)
  const came = history.entries.filter(({ arrived }) => arrived > since)
  const placed = came.map(({ event, clock, happenedAt }, at) => ({
    ...event,
    clock: clock ?? latest + at,
    ageMs: ageOf(happenedAt, now),
  }))
  return ordered(placed)
}

const ageOf = (happenedAt: Instant, now: Instant): number => Math.max(0, Math.round(between(happenedAt, now)))
const isPlaced = (entry: Entry): entry is Entry & { readonly clock: number } => entry.clock !== null
const ownEvents = ({ history, node }: NodeState) =>
  history.entries.filter(({ event }) => event.node === node).filter(isPlaced)

/** Without its node, and without an origin in that life. */
function unnamed(event: HistoryEvent, life = ''): Omit<HistoryEvent, 'node'> {
  const { node: _, origin, ...said } = event
  return origin && origin.life !== life ? { ...said, origin } : said
}

/** What this node tells others of itself now. */
export function toTell(state: NodeState): EventReport[] {
  const { history, now } = state
  const own = ownEvents(state)
  const older = now < history.retellUntil ? new Set(own.slice(-MOST_RETOLD)) : new Set()
  return own
    .filter((entry) => between(entry.addedAt, now) <= RETELL_MS || older.has(entry))
    .map(({ event, clock }) => ({ ...unnamed(event), clock }))
}

/** Somebody started anew: it has missed what was told before. */
export function tellAgain({ history, now }: NodeState): void {
  history.retellUntil = after(now, RETELL_MS)
}

/** All that this node remembers of itself, for the coordinators. */
export const toReport = (state: NodeState): NumberedEvent[] =>
  ownEvents(state).map(({ event, clock, serial, happenedAt }) => ({
    ...unnamed(event, state.boot),
    serial,
    clock,
    ageMs: ageOf(happenedAt, state.now),
  }))
