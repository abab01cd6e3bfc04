/** What this node tells the others of alerts, in one message of bounded length; what has no room comes with the next. */
import { type AlertsMessage, type CauseReport, encodeMessage, LONGEST_MESSAGE } from '@lvsm/protocol'
import { bytesOf } from '../publish/packing.ts'
import type { NodeState } from '../state.ts'
import { detailsOf } from './alert.ts'
import { rulesOf } from './alerting.ts'
import { unableHere } from './reach.ts'
import { placeOf } from './room.ts'
import { entryOf } from './tell.ts'
import { mayTell } from './tellers.ts'

/** Bytes of all causes together, without what comes of them and what to do: that has the room that all else leaves. */
const CAUSES = 2800
/** For what stands around them. */
const ENVELOPE = 300
const sizeOf = (value: unknown): number => bytesOf(JSON.stringify(value)) + 1

/** As many from the first on as have room. */
function fitting<T>(all: readonly T[], bytes: number): T[] {
  let sum = 0
  const end = all.findIndex((one) => (sum += sizeOf(one)) > bytes)
  return end < 0 ? [...all] : all.slice(0, end)
}

/** All of them, or the next of them: one turn after the other, so that whoever hears it knows when one was left out of a whole turn. */
function nextCauses(state: NodeState): Pick<AlertsMessage, 'causes' | 'whole' | 'turn'> {
  const { alerting } = state
  const sorted = alerting.own
    .map((cause) => [placeOf(cause), cause] as const)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
  const all = sorted.map(([, cause]) => cause)
  if (fitting(all.map(plainly), CAUSES).length === all.length) return { causes: all, whole: true }
  const { last, turn } = alerting.causesSaid
  const rest = sorted.filter(([place]) => place > last)
  const begins = last === '' || rest.length === 0
  const next = (begins ? sorted : rest).map(([, cause]) => cause)
  const causes = next.slice(0, fitting(next.map(plainly), CAUSES).length)
  const end = causes.at(-1)
  alerting.causesSaid = { last: end ? placeOf(end) : '', turn: begins ? turn + 1 : turn }
  return { causes, whole: false, turn: alerting.causesSaid.turn }
}

const plainly = ({ means: _means, next: _next, ...cause }: CauseReport): CauseReport => cause

/** With what comes of it, and what to do, for as many as have room in so many bytes: of the others in the messages that follow. */
function detailed({ alerting }: NodeState, causes: readonly CauseReport[], bytes: number): CauseReport[] {
  const plain = causes.map(plainly)
  const from = alerting.detailed % Math.max(1, causes.length)
  let left = bytes
  const whole = new Set<CauseReport>()
  alerting.detailed = 0
  for (const one of [...causes.slice(from), ...causes.slice(0, from)]) {
    const size = sizeOf(detailsOf(one))
    if (size > left && whole.size > 0) {
      alerting.detailed = causes.indexOf(one)
      break
    }
    if (size > left) continue
    left -= size
    whole.add(one)
  }
  return causes.flatMap((one, at) => (whole.has(one) ? [one] : plain.slice(at, at + 1)))
}

/** Null: there is nobody to tell, or it has not heard the others yet. */
export function alertsSaid(state: NodeState): string | null {
  const { alerting, now, node } = state
  if (!rulesOf(state) || now < alerting.listensUntil) return null
  const isBelieved = mayTell(state).includes(node)
  const said = nextCauses(state)
  const unable = isBelieved ? unableHere(state) : []
  const entries = isBelieved ? [...alerting.book.alerts.values()].filter(({ told }) => told.size > 0) : []
  const from = alerting.turn % Math.max(1, entries.length)
  // Who goes on for a teller that died has to know what that one told. The last message of a turn has the rest of it alone, and room for details.
  const rest = entries.slice(from).map((alert) => entryOf(alert, now))
  const room = LONGEST_MESSAGE - ENVELOPE - sizeOf(said.causes.map(plainly)) - sizeOf(unable)
  const told = fitting(rest, room)
  alerting.turn = told.length < rest.length ? from + told.length : 0
  const causes = detailed(state, said.causes, room - sizeOf(told))
  const message: AlertsMessage = { kind: 'alerts', ...said, causes, unable, told }
  return encodeMessage(message)
}
