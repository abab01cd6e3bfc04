/**
 * Which causes the book has room for, where there is not room for all. Laws: nothing critical gives way to a warning; who may have been told
 * that something began is told that it is over, so that such an entry stays; that some had no room is told.
 */
import { after, between, type Instant, NEVER_BEFORE } from '@lvsm/base'
import type { CauseReport } from '@lvsm/protocol'
import { type Alert, begin, isUntold, keyOf } from './alert.ts'

/** Of all of them; and as many again of those that are critical, where all that is here was told. */
export const MOST_ALERTS = 512
/** How often it is looked again who has room, milliseconds. */
const LOOK_MS = 500
/** That some have no room. */
const OVERFLOW = 'alerts-overflow'
/** What it is about: every node that may tell says it, and it is one cause. */
const OF_ALL = 'alerts'

export interface Room {
  lookAt: Instant
  /** What had no room at the last look, and is wanted. */
  left: { readonly critical: number; readonly warning: number }
}
export const newRoom = (): Room => ({ lookAt: NEVER_BEFORE, left: { critical: 0, warning: 0 } })

export const isOverflow = ({ code, object }: Pick<CauseReport, 'code' | 'object'>): boolean =>
  code === OVERFLOW && object === OF_ALL

/** Does anybody want to hear of it? */
export type IsWanted = (cause: Pick<CauseReport, 'code' | 'object' | 'severity'>) => boolean

/** The first matter most. */
type Rank = 0 | 1 | 2 | 3
const LEAST: Rank = 3
const rankOf = (cause: Parameters<IsWanted>[0], isWanted: IsWanted): Rank => {
  if (isOverflow(cause)) return 0
  if (cause.severity === 'critical') return 1
  return isWanted(cause) ? 2 : LEAST
}

/** The critical ones first, and always in the same order. */
export const placeOf = (cause: Pick<CauseReport, 'code' | 'object' | 'severity'>): string =>
  `${cause.severity === 'critical' ? 0 : 1} ${keyOf(cause)}`

/** `fresh`: what is said, and has no entry yet. True: something got one. */
export function admit(
  { alerts, room }: { readonly alerts: Map<string, Alert>; readonly room: Room },
  fresh: readonly CauseReport[],
  isWanted: IsWanted,
  now: Instant,
  wallMs: number,
): boolean {
  const enter = (cause: CauseReport): void => void alerts.set(keyOf(cause), begin(cause, now, wallMs))
  if (alerts.size + fresh.length <= MOST_ALERTS) {
    for (const cause of fresh) enter(cause)
    room.left = { critical: 0, warning: 0 }
    return fresh.length > 0
  }
  if (now < room.lookAt) return false
  room.lookAt = after(now, LOOK_MS)
  const ranked = fresh.map((cause) => ({ cause, rank: rankOf(cause, isWanted) })).toSorted((a, b) => a.rank - b.rank)
  const yields = yielding(alerts, isWanted, now)
  const left = { critical: 0, warning: 0 }
  let entered = false
  for (const { cause, rank } of ranked) {
    const last = yields.at(-1)
    if (alerts.size >= MOST_ALERTS && last && last.rank > rank) {
      alerts.delete(last.key)
      yields.pop()
    }
    const most = rank === 0 ? Infinity : rank === 1 ? 2 * MOST_ALERTS : MOST_ALERTS
    if (alerts.size < most) {
      enter(cause)
      entered = true
    } else if (rank < LEAST) left[rank === 1 ? 'critical' : 'warning'] += 1
  }
  room.left = left
  return entered
}

/** Entries that nobody was told of, those that matter least last; of equal ones the youngest. */
function yielding(
  alerts: ReadonlyMap<string, Alert>,
  isWanted: IsWanted,
  now: Instant,
): { readonly key: string; readonly rank: Rank }[] {
  return [...alerts.values()]
    .filter((alert) => alert.severity !== 'critical' && isUntold(alert))
    .map((alert) => ({ key: alert.key, rank: rankOf(alert, isWanted), age: between(alert.since, now) }))
    .toSorted((one, other) => one.rank - other.rank || other.age - one.age)
}

/** What is said where some had no room. */
export function overflowOf({ left: { critical, warning } }: Room): CauseReport[] {
  if (critical + warning === 0) return []
  const what = critical > 0 ? `${critical} critical causes and ${warning} others` : `${warning} causes`
  const summary = `${what} have no room among the alerts, and nobody is told of them: more is wrong than ${MOST_ALERTS} things at once`
  return [{ code: OVERFLOW, object: OF_ALL, severity: critical > 0 ? 'critical' : 'warning', summary }]
}
