/**
 * Alerts, step by step: what is wrong here and elsewhere is put together, and whoever is the first of the nodes that may tell of it tells
 * each receiver what is due. All of it is state: the process that carries it to a receiver may die at any time.
 */
import { after, earlier, type Instant, later } from '@lvsm/base'
import type { ConfigReceiver } from '@lvsm/model'
import {
  type AlertsMessage,
  type CauseReport,
  encodeKeptAlerts,
  LONGEST_KEPT_ALERTS,
  MOST_KEPT_ALERTS,
} from '@lvsm/protocol'
import { isPillar } from '../hearing.ts'
import type { NodeState } from '../state.ts'
import type { Alert } from './alert.ts'
import { leftOut, noteClosed, reopen } from './closed.ts'
import { nextSettle, noteSaid, settle } from './book.ts'
import { deliveryOf, hearsWhatLasts, mostAtOnce, type Told, toldOf } from './deliver.ts'
import { flappingText, isFlapping } from './flapping.ts'
import { isWanted, labelsOf } from './labels.ts'
import { mootIn } from './moot.ts'
import { countMessage, easeFailing, inTurn, nextTries, noteFailed, noteWorks, unableHere } from './reach.ts'
import { type IsWanted, overflowOf } from './room.ts'
import { silencesOf, silencing } from './silences.ts'
import {
  againOf,
  type Due,
  duesOf,
  entryOf,
  lastingFor,
  mergeTold,
  nextDue,
  noteTold,
  type Rules,
  senderOf,
  takeOver,
} from './tell.ts'
import { mayTell } from './tellers.ts'

const LOOK_MS = 2000
/** Beyond a receiver's own time, for the process that carries it. */
const GRACE_MS = 15_000

/** Null: nobody is to be told of anything. */
export function rulesOf(state: NodeState): Rules<ConfigReceiver> | null {
  const { config } = state
  if (!config || config.receivers.length === 0) return null
  const silences = silencesOf(state)
  return {
    receivers: config.receivers,
    wants: (receiver, alert) => isWanted(receiver, labelsOf(config, alert)),
    silenced: (alert) => silencing(silences, labelsOf(config, alert)) !== undefined,
  }
}

/** `look`: what is wrong by what this node knows. True: the others should hear soon. */
export function stepAlerts(state: NodeState, look: () => readonly CauseReport[]): boolean {
  const { alerting, now, node, config } = state
  const rules = rulesOf(state)
  endTests(state)
  // Before the first configuration nothing is known of receivers: what the disk kept waits for it.
  if (!config) return false
  if (!rules) {
    forget(state)
    return false
  }
  if (now >= alerting.lookAt) {
    alerting.own = [...(mayTell(state).includes(node) ? overflowOf(alerting.book.room) : []), ...look()]
    alerting.lookAt = after(now, LOOK_MS)
  }
  const { book, own } = alerting
  const listens = now < alerting.listensUntil
  if (!listens) noteSaid(book, node, { causes: own, whole: true, unable: unableHere(state) }, now)
  const names = config.nodes.map(({ name }) => name)
  let news = settle(book, names, now, state.wallMs(now), mootIn(state), wantedBy(rules))
  for (const [receiver, flight] of [...alerting.flights])
    if (now >= flight.until && noteFailed(state, receiver, 'no answer of the process that tells it')) news = true
  if (!listens) for (const { name } of rules.receivers) noteSender(state, name, mayTell(state))
  reopen(alerting, rules.silenced, now)
  const dues = duesOf(book, rules, now)
  easeFailing(state, rules.receivers, (name) => [...dues.keys()].some((one) => one.name === name))
  // Before somebody is told: should this process end meanwhile, the next one knows that it may have been.
  keep(state)
  if (!listens) for (const [receiver, due] of dues) if (send(state, receiver, due)) news = true
  return news
}

const wantedBy =
  ({ receivers, wants }: Rules<ConfigReceiver>): IsWanted =>
  (cause) =>
    receivers.some((receiver) => wants(receiver, cause))

function noteSender({ alerting, now, node }: NodeState, receiver: string, tellers: readonly string[]): void {
  const { book, senders } = alerting
  const sender = senderOf(book, tellers, receiver, now)
  if (sender === null) return
  const before = senders.get(receiver)
  if (before !== undefined && before !== sender && sender === node) takeOver(book, receiver, now)
  senders.set(receiver, sender)
}

function forget({ alerting }: NodeState): void {
  alerting.book.alerts.clear()
  alerting.book.said.clear()
  alerting.flights.clear()
  alerting.failing.clear()
  alerting.refused.clear()
  alerting.senders.clear()
  alerting.closed.clear()
}

function send(state: NodeState, receiver: ConfigReceiver, dues: readonly Due[]): boolean {
  const { alerting, now } = state
  const { flights } = alerting
  if (flights.has(receiver.name) || senderOf(alerting.book, mayTell(state), receiver.name, now) !== state.node)
    return false
  const sorted = dues.toSorted(({ alert: one }, { alert: other }) => byUrgency(one, other))
  const first = inTurn(state, receiver.name, sorted)?.slice(0, mostAtOnce(receiver))
  if (!first) return false
  alerting.serial += 1
  const id = `alerts to ${receiver.name} ${alerting.serial}`
  const lasting = hearsWhatLasts(receiver) ? whatLasts(state, receiver, first) : []
  const closes = hearsWhatLasts(receiver) && lasting.length === 0 && first.every(({ what }) => what === 'resolved')
  const leaves = closes ? leftOut(alerting, receiver.name, (alert) => rulesOf(state)?.silenced(alert) === true) : []
  flights.set(receiver.name, { id, dues: first, until: after(now, receiver.timeoutMs + GRACE_MS), leaves })
  const told = first.map(({ alert }) => asTold(state, receiver, alert))
  carry(state, id, receiver, told, lasting)
  return true
}
function whatLasts(state: NodeState, receiver: ConfigReceiver, dues: readonly Due[]): Told[] {
  const due = new Set(dues.map(({ alert }) => alert))
  const rules = rulesOf(state)
  return lastingFor(state.alerting.book, receiver, (alert) => rules?.silenced(alert) === true)
    .filter((alert) => !due.has(alert))
    .toSorted(byUrgency)
    .map((alert) => asTold(state, receiver, alert))
}

const urgency = ({ severity }: Alert): number => (severity === 'critical' ? 0 : 1)
const byUrgency = (one: Alert, other: Alert): number => urgency(one) - urgency(other) || one.since - other.since

function asTold(state: NodeState, receiver: ConfigReceiver, alert: Alert): Told {
  const { config, now, wall, wallMs } = state
  if (!config) throw new Error('there is no configuration')
  const told = toldOf(config, alert, (ms) => wall(after(now, ms - wallMs(now))))
  const summary =
    alert.ended === null && isFlapping(state.alerting.book.ends, alert.key, now)
      ? flappingText(told.summary)
      : told.summary
  const again = againOf(alert, receiver, now)
  return { ...told, summary, ...(again === null ? {} : { again }) }
}
export function carry(
  state: NodeState,
  id: string,
  receiver: ConfigReceiver,
  told: readonly Told[],
  lasting: readonly Told[] = [],
): void {
  const { type, timeoutMs } = receiver
  const keys = deliveryOf(receiver, state.config?.cluster ?? '', told, lasting)
  state.effects.push({ kind: 'deliver', id, delivery: type, keys, timeoutMs })
}

/** The process that carries them says how it went; `ok` null: it ended meanwhile, and nobody knows. */
export function onDelivered(state: NodeState, id: string, ok: boolean | null, reason: string): boolean {
  const { alerting, now } = state
  for (const [receiver, flight] of alerting.flights) {
    if (flight.id !== id) continue
    if (ok !== true) return noteFailed(state, receiver, reason)
    alerting.flights.delete(receiver)
    noteTold(alerting.book, receiver, flight.dues, now)
    noteClosed(alerting, receiver, flight.leaves)
    countMessage(state, receiver, 'told')
    noteWorks(state, receiver)
    return true
  }
  return false
}

/** A node that neither votes nor directs is believed of itself alone. */
export function onAlerts(state: NodeState, from: string, message: AlertsMessage): void {
  const { alerting, config, now } = state
  if (!config || config.receivers.length === 0 || !config.nodes.some(({ name }) => name === from)) return
  const isBelieved = isPillar(state, from)
  const causes = isBelieved ? message.causes : message.causes.map((cause) => ({ ...cause, object: `node ${from}` }))
  noteSaid(alerting.book, from, { ...message, causes, unable: isBelieved ? message.unable : [] }, now)
  if (isBelieved) mergeTold(alerting.book, message.told, now, state.wallMs(now))
}

/** Over a restart: whom this node may have told what. */
function keep(state: NodeState): void {
  const { alerting, now } = state
  const alerts = [...alerting.book.alerts.values()].filter(({ told }) => told.size > 0)
  const text = JSON.stringify(alerts.map(({ key, startedMs, ended, told }) => [key, startedMs, ended, [...told]]))
  if (text === alerting.kept || (text === '[]' && alerting.kept === '')) return
  alerting.kept = text
  let told = alerts
    .toSorted((one, other) => urgency(one) - urgency(other))
    .slice(0, MOST_KEPT_ALERTS)
    .map((alert) => entryOf(alert, now))
  const encoded = (): string => encodeKeptAlerts({ wallMs: Math.max(0, state.wallMs(now)), told })
  while (encoded().length > LONGEST_KEPT_ALERTS) told = told.slice(0, told.length >> 1)
  state.effects.push({ kind: 'alerts', text: encoded() })
}

function endTests({ alerting, now, effects, node }: NodeState): void {
  for (const [id, { receiver, replyTo, until }] of [...alerting.tests]) {
    if (now < until || replyTo.kind !== 'operator') continue
    alerting.tests.delete(id)
    const report = { node, receiver, ok: false, reason: 'no answer of the process that tells it' }
    effects.push({ kind: 'reply', id: replyTo.id, outcome: { ok: true, report } })
  }
}

/** Null: nothing is due. */
export function nextAlert(state: NodeState): Instant | null {
  const { alerting, now } = state
  const rules = rulesOf(state)
  const tests = [...alerting.tests.values()].map(({ until }) => until)
  if (!rules) return tests.reduce<Instant | null>((one, at) => (one ? earlier(one, at) : at), null)
  const { book, flights } = alerting
  const times = [
    ...tests,
    ...[...flights.values()].map(({ until }) => until),
    ...nextTries(alerting, now),
    ...nextSettle(book, now),
    ...nextDue(book, rules.receivers, now),
    ...(now < alerting.listensUntil ? [alerting.listensUntil] : []),
  ]
  return later(after(now, 1), times.reduce(earlier, alerting.lookAt))
}
