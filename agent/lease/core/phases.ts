/**
 * The phases of a group on one director, and the only way from one to another: `enter`. Whatever is not in the table is a
 * defect of this program, and ends the process: the kernel then closes what nobody renews.
 */
import { invariant } from '@lvsm/base'

/**
 * `closing`: fence and addresses are being taken away. `backup`: all is closed, somebody else may hold.
 * `acquiring`: lease won, fence being opened. `active`: owner. `handingOver`: planned move, announcements being closed.
 * `draining`: lease released, still serving what arrives, for a bounded time.
 */
export type Phase = 'closing' | 'backup' | 'acquiring' | 'active' | 'handingOver' | 'draining'

/** Every legal transition: from a phase to those that may follow it. A group begins in `closing`. */
export const TRANSITIONS: Readonly<Record<Phase, readonly Phase[]>> = {
  closing: ['backup'],
  backup: ['acquiring', 'closing'],
  acquiring: ['active', 'closing'],
  active: ['handingOver', 'closing'],
  handingOver: ['draining', 'closing'],
  draining: ['closing'],
}

/** What has a phase, and a name for the message. */
interface Phased {
  readonly group: { readonly name: string }
  phase: Phase
}

/** Changes the phase; nothing else in this core writes it. */
export function enter(instance: Phased, to: Phase): void {
  const from = instance.phase
  invariant(TRANSITIONS[from].includes(to), `${instance.group.name} cannot go from ${from} to ${to}`)
  instance.phase = to
}

/** The phases in the words of operators and of other nodes, which read them in answers to an offer. */
export const PHASE_TEXT: Readonly<Record<Phase, string>> = {
  closing: 'closing',
  backup: 'watching',
  acquiring: 'taking',
  active: 'holding',
  handingOver: 'parting',
  draining: 'draining',
}
