/**
 * The phases of a group on one director, and the only way from one to another: `enter`. Whatever is not in the table is a
 * defect of this program, and ends the process: the kernel then closes what nobody renews.
 */
import { invariant } from '@lvsm/base'

/**
 * `closing`: fence and addresses are being taken away. `watching`: all is closed, somebody else may hold.
 * `taking`: lease won, fence being opened. `holding`: owner. `parting`: planned move, announcements being closed.
 * `draining`: lease released, still serving what arrives, for a bounded time.
 */
export type Phase = 'closing' | 'watching' | 'taking' | 'holding' | 'parting' | 'draining'

/** Every legal transition: from a phase to those that may follow it. A group begins in `closing`. */
export const TRANSITIONS: Readonly<Record<Phase, readonly Phase[]>> = {
  closing: ['watching'],
  watching: ['taking', 'closing'],
  taking: ['holding', 'closing'],
  holding: ['parting', 'closing'],
  parting: ['draining', 'closing'],
  draining: ['closing'],
}

/** What has a phase, and a name for the message. */
interface Phased {
  readonly group: { readonly name: string }
  phase: Phase
}

/** Changes the phase; nothing else in this core writes it. */
export function enter(seat: Phased, to: Phase): void {
  const from = seat.phase
  invariant(TRANSITIONS[from].includes(to), `${seat.group.name} cannot go from ${from} to ${to}`)
  seat.phase = to
}
