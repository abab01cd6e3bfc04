/** Kinds of events, as words: one that is not known is shown as it is. */
import { OWNERSHIP_EVENTS } from '../lease-status.ts'

/** Whatever may happen, as `lvsm events --kind` names it. */
export const EVENT_KINDS = [
  ...([
    ...OWNERSHIP_EVENTS,
    'renumbered',
    'note',
    'trouble',
    'over',
    'repaired',
    'failed',
    'recovered',
    'backup',
  ] as const),
  ...(['configured', 'wanted', 'standby', 'started', 'ended', 'clock'] as const),
] as const
export type EventKind = (typeof EVENT_KINDS)[number]

/** About who owns a group: only a director of the group can have them. */
export const ENTITLED_EVENTS = [...OWNERSHIP_EVENTS, 'renumbered'] as const
export const isEntitled = (kind: string): boolean => ENTITLED_EVENTS.some((one) => one === kind)

/** Their number is that of the lease which they begin or end. Whoever refuses may name an old one. */
export const isOfLease = (kind: string): boolean => kind !== 'refused' && isEntitled(kind)
