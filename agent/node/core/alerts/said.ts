/** What this node tells the others of alerts, in one message of bounded length; what has no room comes with the next. */
import { type AlertsMessage, encodeMessage, LONGEST_MESSAGE } from '@lvsm/protocol'
import { bytesOf } from '../publish/packing.ts'
import type { NodeState } from '../state.ts'
import { rulesOf } from './alerting.ts'
import { unableHere } from './reach.ts'
import { placeOf } from './room.ts'
import { entryOf } from './tell.ts'
import { mayTell } from './tellers.ts'

/** Bytes of all causes together. */
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
function nextCauses({ alerting }: NodeState): Pick<AlertsMessage, 'causes' | 'whole' | 'turn'> {
  const sorted = alerting.own
    .map((cause) => [placeOf(cause), cause] as const)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
  const all = sorted.map(([, cause]) => cause)
  if (fitting(all, CAUSES).length === all.length) return { causes: all, whole: true }
  const { last, turn } = alerting.causesSaid
  const rest = sorted.filter(([place]) => place > last)
  const begins = last === '' || rest.length === 0
  const next = begins ? sorted : rest
  const causes = fitting(
    next.map(([, cause]) => cause),
    CAUSES,
  )
  alerting.causesSaid = { last: next[causes.length - 1]?.[0] ?? '', turn: begins ? turn + 1 : turn }
  return { causes, whole: false, turn: alerting.causesSaid.turn }
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
  const turned = [...entries.slice(from), ...entries.slice(0, from)].map((alert) => entryOf(alert, now))
  const told = fitting(turned, LONGEST_MESSAGE - ENVELOPE - sizeOf(said.causes) - sizeOf(unable))
  alerting.turn = told.length < entries.length ? from + told.length : 0
  const message: AlertsMessage = { kind: 'alerts', ...said, unable, told }
  return encodeMessage(message)
}
