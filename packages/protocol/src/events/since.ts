/** Since when something is as it is, by the event that made it so; `events`: the oldest first. */
import type { GroupReport } from '../http/status.ts'
import type { HistoryEvent } from './event.ts'

/** What brought a group where it is: the owner's taking under this very number, or what was lost or given up last. */
export function lastMove(events: readonly HistoryEvent[], name: string, group: GroupReport): HistoryEvent | undefined {
  const own = events.filter((event) => event.group === name)
  if (group.owner === null) return own.findLast(({ kind }) => Object.hasOwn(ENDED, kind))
  return own.findLast(({ kind, node, number }) => kind === 'took' && node === group.owner && number <= group.number)
}
/** How an owner's time ended: kind of the event → the word for it. */
export const ENDED: Readonly<Record<string, string>> = { lost: 'lost', released: 'released', 'gave-up': 'given up' }

/** Whose event it is: `rs1 (10.11.0.11:80) in service http: …`. */
export const isAbout = ({ reason }: HistoryEvent, name: string, service: string): boolean =>
  reason.startsWith(`${name} (`) && reason.includes(` in service ${service}: `)

/** Of a realserver that fails now; null: nobody remembers. */
export const failedSince = (events: readonly HistoryEvent[], name: string, service: string): string | null =>
  events.findLast((one) => one.kind === 'failed' && isAbout(one, name, service))?.at ?? null

/** Of these events, those by which all of the above is said, without how old they are by now: the last end of each group's owner, and the last failure of each realserver. */
export function sinceEvents(events: readonly HistoryEvent[]): HistoryEvent[] {
  const last = new Map<string, HistoryEvent>()
  for (const { ageMs: _, ...event } of events) {
    const { group, kind, reason } = event
    const key = Object.hasOwn(ENDED, kind) ? `ended ${group}` : kind === 'failed' ? `failed ${whoseOf(reason)}` : null
    if (key === null) continue
    last.delete(key)
    last.set(key, event)
  }
  return [...last.values()]
}
/** `rs1 (10.11.0.11:80) in service http`, as `isAbout` reads it. */
const whoseOf = (reason: string): string => reason.split(': ')[0] ?? ''

/** Before what a trouble says that was a warning until now. */
export const WORSE = 'critical now, a warning before: '
