/**
 * Receivers that could not be told: when they are tried again, with which alert, and whether that is a trouble. A receiver may refuse one
 * alert and take the others: after a failure those come first that were not tried since.
 */
import { after, between, type Instant, type Trouble } from '@lvsm/base'
import type { ConfigReceiver } from '@lvsm/model'
import type { Tellings } from '@lvsm/protocol'
import { log, type NodeState } from '../state.ts'
import type { Alerting, Failing } from './state.ts'
import type { Due } from './tell.ts'

/** After so many failures another node tries, and it is a trouble. */
const FAILS = 2
/** And this one again after so long. */
const UNABLE_MS = 300_000
const BACKOFF_MS = [5000, 10_000, 30_000, 60_000, 120_000, 300_000] as const
/** What another node told so much later than the failure here was told after it, however long it took to be heard. */
const SINCE_MS = 1000

/** Which receivers this node could not tell lately. */
export const unableHere = ({ alerting: { failing }, now }: NodeState): string[] =>
  [...failing].flatMap(([name, { times, at }]) => (times >= FAILS && between(at, now) < UNABLE_MS ? [name] : []))

const triedKey = ({ alert, what }: Due): string => `${what} ${alert.key}`

/** A receiver that the configuration has no more is counted no more. */
export function countMessage(
  { alerting: { messages }, config }: NodeState,
  receiver: string,
  result: keyof Tellings,
): void {
  const counts = messages.get(receiver) ?? NONE_SENT
  messages.set(receiver, { ...counts, [result]: counts[result] + 1 })
  for (const name of messages.keys()) if (!config?.receivers.some((one) => one.name === name)) messages.delete(name)
}
export const NONE_SENT: Tellings = { told: 0, failed: 0 }

export function noteFailed(state: NodeState, receiver: string, reason: string): true {
  const { alerting, config, now } = state
  countMessage(state, receiver, 'failed')
  const { flights, failing, refused } = alerting
  const tried = flights.get(receiver)?.dues.map(triedKey) ?? []
  flights.delete(receiver)
  refused.set(receiver, new Set([...(refused.get(receiver) ?? []), ...tried]))
  const times = (failing.get(receiver)?.times ?? 0) + 1
  failing.set(receiver, { times, reason, at: now, written: writtenOf(config?.receivers ?? [], receiver), eased: false })
  return true
}
export function noteWorks(state: NodeState, receiver: string): void {
  const { failing } = state.alerting
  if ((failing.get(receiver)?.times ?? 0) >= FAILS) log(state, `receiver ${receiver} is told again`)
  failing.delete(receiver)
}
const writtenOf = (receivers: readonly ConfigReceiver[], name: string): string =>
  JSON.stringify(receivers.find((one) => one.name === name) ?? null)

/** What is tried now, of what is due to a receiver; null: none of it yet. */
export function inTurn({ alerting, now }: NodeState, receiver: string, dues: readonly Due[]): readonly Due[] | null {
  const { failing, refused } = alerting
  const tried = refused.get(receiver)
  const untried = tried ? dues.filter((due) => !tried.has(triedKey(due))) : dues
  const before = failing.get(receiver)
  if (before && now < retryAt(before, untried.length > 0)) return null
  if (untried.length > 0) return untried
  refused.delete(receiver)
  return dues
}
/** What was not tried since waits the least: it may be taken where another alert was not. */
const retryAt = ({ times, at }: Failing, isUntried: boolean): Instant =>
  after(at, BACKOFF_MS[isUntried ? 0 : Math.min(times, BACKOFF_MS.length) - 1] ?? 0)
export const nextTries = ({ failing }: Alerting, now: Instant): Instant[] =>
  [...failing.values()].flatMap((one) => [retryAt(one, true), retryAt(one, false)]).filter((at) => at > now)

/**
 * A failure counts no more where the receiver was written anew; and it is no trouble where another node told that receiver since, or where
 * after a while nothing is left to try it with.
 */
export function easeFailing(
  { alerting, now }: NodeState,
  receivers: readonly ConfigReceiver[],
  isDue: (receiver: string) => boolean,
): void {
  const { failing, refused, book } = alerting
  for (const [name, one] of [...failing]) {
    if (one.written !== writtenOf(receivers, name)) {
      failing.delete(name)
      refused.delete(name)
      continue
    }
    const isTold = [...book.alerts.values()].some(({ told }) => {
      const last = told.get(name)
      return last !== undefined && last.what !== 'maybe' && between(one.at, last.at) > SINCE_MS
    })
    if (isTold || (between(one.at, now) >= UNABLE_MS && !isDue(name))) failing.set(name, { ...one, eased: true })
  }
}

/** Why a receiver cannot be told; null: it can, as far as is known. */
export function faultOf({ failing }: Alerting, receiver: string): string | null {
  const one = failing.get(receiver)
  return one && !one.eased ? one.reason : null
}

export const alertTroubles = ({ alerting, config }: NodeState): Trouble[] =>
  [...alerting.failing].flatMap(([name, { times, reason, eased }]): Trouble[] => {
    const receiver = config?.receivers.find((one) => one.name === name)
    if (!receiver || times < FAILS || eased) return []
    const message = `receiver ${name} (${receiver.type}) cannot be told of alerts: ${reason}`
    const hint = `lvsm alert test ${name} says what happens; it is tried again by itself, by other nodes too`
    return [{ code: 'alert-failing', severity: 'warning', object: `receiver ${name}`, message, hint }]
  })
