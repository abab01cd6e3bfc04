/**
 * Alerts, step by step: what is wrong here and elsewhere is put together, and whoever is the first of the nodes that may tell of it tells
 * each receiver what is due. All of it is state: the process that carries it to a receiver may die at any time.
 */
import { after, between, earlier, type Instant, later, type Trouble } from '@lvsm/base'
import type { ConfigReceiver } from '@lvsm/model'
import { type AlertsMessage, type CauseReport, encodeKeptAlerts, LONGEST_KEPT_ALERTS } from '@lvsm/protocol'
import { isPillar } from '../hearing.ts'
import { log, type NodeState } from '../state.ts'
import { type Alert, nextSettle, noteSaid, settle } from './book.ts'
import { deliveryOf, mostAtOnce, type Told, toldOf } from './deliver.ts'
import { isMatched, isWanted, labelsOf } from './labels.ts'
import { type Due, duesOf, entryOf, mergeTold, nextDue, noteTold, type Rules, senderOf, takeOver } from './tell.ts'

const LOOK_MS = 2000
/** After so many failures another node tries, and it is a trouble. */
const FAILS = 2
/** And this one again after so long. */
const UNABLE_MS = 300_000
const BACKOFF_MS = [5000, 10_000, 30_000, 60_000, 120_000, 300_000] as const
/** Beyond a receiver's own time, for the process that carries it. */
const GRACE_MS = 15_000

export const mayTell = (state: NodeState): string[] =>
  state.config?.nodes.flatMap(({ name }) => (isPillar(state, name) ? [name] : [])) ?? []

/** Null: nobody is to be told of anything. */
export function rulesOf({ config, facts }: NodeState): Rules<ConfigReceiver> | null {
  if (!config || config.receivers.length === 0) return null
  const silences = facts.list.flatMap(({ intent, subject }) =>
    intent === 'silence' && subject.kind === 'alerts' ? [subject.match] : [],
  )
  return {
    receivers: config.receivers,
    wants: (receiver, alert) => isWanted(receiver, labelsOf(config, alert)),
    silenced: (alert) => silences.some((match) => isMatched(match, labelsOf(config, alert))),
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
    alerting.own = look()
    alerting.lookAt = after(now, LOOK_MS)
  }
  const { book, own } = alerting
  const listens = now < alerting.listensUntil
  if (!listens) noteSaid(book, node, { causes: own, whole: true, unable: unableHere(state) }, now)
  const names = config.nodes.map(({ name }) => name)
  let news = settle(book, names, now, state.wallMs(now))
  for (const [receiver, flight] of [...alerting.flights])
    if (now >= flight.until && failed(state, receiver, 'no answer of the process that tells it')) news = true
  if (!listens) for (const { name } of rules.receivers) noteSender(state, name, mayTell(state))
  const dues = duesOf(book, rules, now)
  // Before somebody is told: should this process end meanwhile, the next one knows that it may have been.
  keep(state)
  if (!listens) for (const [receiver, due] of dues) if (send(state, receiver, due)) news = true
  return news
}

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
  alerting.senders.clear()
}

export const unableHere = ({ alerting: { failing }, now }: NodeState): string[] =>
  [...failing].flatMap(([name, { times, at }]) => (times >= FAILS && between(at, now) < UNABLE_MS ? [name] : []))

function send(state: NodeState, receiver: ConfigReceiver, dues: readonly Due[]): boolean {
  const { alerting, now } = state
  const { flights, failing } = alerting
  const before = failing.get(receiver.name)
  const waits = before && now < retryAt(before)
  if (flights.has(receiver.name) || waits || senderOf(alerting.book, mayTell(state), receiver.name, now) !== state.node)
    return false
  const first = dues
    .toSorted(({ alert: one }, { alert: other }) => one.since - other.since)
    .slice(0, mostAtOnce(receiver))
  alerting.serial += 1
  const id = `alerts to ${receiver.name} ${alerting.serial}`
  flights.set(receiver.name, { id, dues: first, until: after(now, receiver.timeoutMs + GRACE_MS) })
  carry(
    state,
    id,
    receiver,
    first.map(({ alert }) => asTold(state, alert)),
  )
  return true
}
const retryAt = ({ times, at }: { readonly times: number; readonly at: Instant }): Instant =>
  after(at, BACKOFF_MS[Math.min(times, BACKOFF_MS.length) - 1] ?? 0)

const asTold = (state: NodeState, alert: Alert): Told => {
  const { config, now, wall, wallMs } = state
  if (!config) throw new Error('there is no configuration')
  return toldOf(config, alert, (ms) => wall(after(now, ms - wallMs(now))))
}
export function carry(state: NodeState, id: string, receiver: ConfigReceiver, told: readonly Told[]): void {
  const { type, timeoutMs } = receiver
  const keys = deliveryOf(receiver, state.config?.cluster ?? '', told)
  state.effects.push({ kind: 'deliver', id, delivery: type, keys, timeoutMs })
}

/** The process that carries them says how it went; `ok` null: it ended meanwhile, and nobody knows. */
export function onDelivered(state: NodeState, id: string, ok: boolean | null, reason: string): boolean {
  const { alerting, now } = state
  for (const [receiver, flight] of alerting.flights) {
    if (flight.id !== id) continue
    if (ok !== true) return failed(state, receiver, reason)
    alerting.flights.delete(receiver)
    noteTold(alerting.book, receiver, flight.dues, now)
    if ((alerting.failing.get(receiver)?.times ?? 0) >= FAILS) log(state, `receiver ${receiver} is told again`)
    alerting.failing.delete(receiver)
    return true
  }
  return false
}
function failed({ alerting, now }: NodeState, receiver: string, reason: string): true {
  alerting.flights.delete(receiver)
  alerting.failing.set(receiver, { times: (alerting.failing.get(receiver)?.times ?? 0) + 1, reason, at: now })
  return true
}

export const alertTroubles = ({ alerting, config }: NodeState): Trouble[] =>
  [...alerting.failing].flatMap(([name, { times, reason }]): Trouble[] => {
    const receiver = config?.receivers.find((one) => one.name === name)
    if (!receiver || times < FAILS) return []
    const message = `receiver ${name} (${receiver.type}) cannot be told of alerts: ${reason}`
    const hint = `lvsm alert test ${name} says what happens; it is tried again by itself, by other nodes too`
    return [{ code: 'alert-failing', severity: 'warning', object: `receiver ${name}`, message, hint }]
  })

/** A node that neither votes nor directs is believed of itself alone. */
export function onAlerts(state: NodeState, from: string, message: AlertsMessage): void {
  const { alerting, config, now } = state
  if (!config || config.receivers.length === 0 || !config.nodes.some(({ name }) => name === from)) return
  const isBelieved = isPillar(state, from)
  const causes = isBelieved ? message.causes : message.causes.map((cause) => ({ ...cause, object: `node ${from}` }))
  noteSaid(alerting.book, from, { causes, whole: message.whole, unable: isBelieved ? message.unable : [] }, now)
  if (isBelieved) mergeTold(alerting.book, message.told, now, state.wallMs(now))
}

/** Over a restart: whom this node may have told what. */
function keep(state: NodeState): void {
  const { alerting, now } = state
  const alerts = [...alerting.book.alerts.values()].filter(({ told }) => told.size > 0)
  const text = JSON.stringify(alerts.map(({ key, startedMs, ended, told }) => [key, startedMs, ended, [...told]]))
  if (text === alerting.kept || (text === '[]' && alerting.kept === '')) return
  alerting.kept = text
  let told = alerts.map((alert) => entryOf(alert, now))
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
  const { book, flights, failing } = alerting
  const times = [
    ...tests,
    ...[...flights.values()].map(({ until }) => until),
    ...[...failing.values()].map(retryAt).filter((at) => at > now),
    ...nextSettle(book, now),
    ...nextDue(book, rules.receivers, now),
    ...(now < alerting.listensUntil ? [alerting.listensUntil] : []),
  ]
  return later(after(now, 1), times.reduce(earlier, alerting.lookAt))
}
