/** `lvsm alert list`, and the test of a receiver. */
import { after, between } from '@lvsm/base'
import { suggest } from '@lvsm/model'
import type { AlertReport, AlertsReport, AlertState, Fact, Figures } from '@lvsm/protocol'
import { changeText } from '../changing.ts'
import { isHere } from '../command/here.ts'
import type { Asked } from '../command/pending.ts'
import { refuse, reply } from '../command/reply.ts'
import type { NodeState } from '../state.ts'
import { carry, rulesOf } from './alerting.ts'
import { type Alert, isUntold } from './alert.ts'
import { fingerprintOf, labelsOf } from './labels.ts'
import { faultOf, NONE_SENT, noteWorks } from './reach.ts'
import { silencesOf, silencing } from './silences.ts'
import { senderOf } from './tell.ts'
import { mayTell } from './tellers.ts'

const GRACE_MS = 3000
const MOST_TESTS = 16

export function reportAlerts(state: NodeState): AlertsReport {
  const { config, alerting, now, node } = state
  const { book } = alerting
  return {
    node,
    revision: config?.revision ?? 0,
    receivers:
      config?.receivers.map(({ name, type }) => ({
        ...{ name, type, sender: senderOf(book, mayTell(state), name, now) },
        fault: faultOf(alerting, name),
      })) ?? [],
    alerts: [...book.alerts.values()]
      .toSorted((one, other) => one.since - other.since)
      .map((alert) => reportAlert(state, alert)),
  }
}

function reportAlert(state: NodeState, alert: Alert): AlertReport {
  const { config, now, wall, wallMs } = state
  const { code, object, severity, summary, startedMs, ended, told } = alert
  const iso = (ms: number): string => wall(after(now, ms - wallMs(now)))
  const labels = labelsOf(config ?? { cluster: '', services: [] }, alert)
  const silence = silencing(silencesOf(state), labels)
  return {
    ...{ code, object, severity, summary },
    state: wordOf(alert),
    since: iso(startedMs),
    ended: ended ? iso(ended.wallMs) : null,
    fingerprint: fingerprintOf(labels),
    silenced: silence ? silenceText(silence, iso) : null,
    told: [...told].map(([receiver, { what, at }]) => ({
      ...{ receiver, what: what === 'maybe' ? 'not told yet' : what },
      ageMs: what === 'maybe' ? null : Math.round(between(at, now)),
    })),
  }
}
const wordOf = (alert: Alert): Exclude<AlertState, 'silenced'> =>
  alert.ended ? 'over' : alert.goneAt !== null ? 'ending' : isUntold(alert) ? 'pending' : 'firing'
const silenceText = ({ author, until, comment }: Fact, iso: (ms: number) => string): string =>
  `by ${author}${until === null ? '' : ` until ${iso(until).slice(0, 19)}Z`}: ${comment}`

/** How many alerts there are, and what this process told whom. */
export function alertFigures(state: NodeState): Pick<Figures, 'alerts' | 'messages'> {
  const { alerting, config } = state
  const alerts = { pending: 0, firing: 0, ending: 0, over: 0, silenced: 0 }
  const rules = rulesOf(state)
  for (const alert of alerting.book.alerts.values())
    alerts[alert.ended === null && rules?.silenced(alert) === true ? 'silenced' : wordOf(alert)] += 1
  const receivers = config?.receivers ?? []
  return { alerts, messages: new Map(receivers.map(({ name }) => [name, alerting.messages.get(name) ?? NONE_SENT])) }
}

/** From this node, or from another: does a receiver take it? */
export function onTestAlert(
  state: NodeState,
  asked: Asked & { readonly command: { readonly verb: 'testAlert' } },
): void {
  const { command, replyTo } = asked
  const { receiver: name, on = state.node } = command
  if (!isHere(state, on, command, asked)) return
  const { config, alerting, now, node } = state
  const receiver = config?.receivers.find((one) => one.name === name)
  if (!config || !receiver) {
    const names = config?.receivers.map((one) => one.name) ?? []
    const hint =
      names.length === 0
        ? changeText(state, 'lvsm receiver add NAME type=webhook url=…', 'one under receivers:')
        : suggest(name, names, 'receivers')
    return reply(state, replyTo, refuse('unknown', 'unknown-receiver', `there is no receiver "${name}"`, hint))
  }
  if (alerting.tests.size >= MOST_TESTS)
    return reply(
      state,
      replyTo,
      refuse('conflict', 'too-many-tests', `${MOST_TESTS} receivers are being tried already`),
    )
  alerting.serial += 1
  const id = `test of ${name} ${alerting.serial}`
  alerting.tests.set(id, { receiver: name, replyTo, until: after(now, receiver.timeoutMs + GRACE_MS) })
  const labels = { alertname: 'test', cluster: config.cluster, node, severity: receiver.severity }
  const summary = `somebody tries whether ${name} hears of alerts: nothing is wrong`
  carry(state, id, receiver, [
    {
      ...{ status: 'firing', labels, summary, isTest: true },
      ...{ startsAt: state.wall(now), endsAt: null, startedMs: state.wallMs(now) },
    },
  ])
}

/** False: it is none of these. */
export function testDelivered(state: NodeState, id: string, ok: boolean | null, reason: string): boolean {
  const { alerting, node } = state
  const run = alerting.tests.get(id)
  if (!run) return false
  alerting.tests.delete(id)
  if (ok === true) noteWorks(state, run.receiver)
  reply(state, run.replyTo, { ok: true, report: { node, receiver: run.receiver, ok: ok === true, reason } })
  return true
}
