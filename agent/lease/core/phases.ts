/**
 * State machine of a group on one director: the phases, the table of legal transitions, and `enter`, the only function that
 * changes a phase. A transition that is not in the table is a defect of this program and fails as an invariant.
 */
import { invariant } from '@lvsm/base'

/**
 * `closing`: the fence is being closed and the addresses removed; no lease, or one that is kept to open again.
 * `backup`: closed, acknowledged by the kernel; may stand as a candidate (VRRP: BACKUP).
 * `acquiring`: lease won, the fence is being opened. `active`: owner (VRRP: MASTER).
 * `handingOver`: planned transfer, *announce* is being closed under a valid lease.
 * `draining`: lease released, *serve* still open until the kernel ends it.
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

/** The part of a GroupState that `enter` writes; everywhere else `phase` is read-only. */
interface Phased {
  readonly group: { readonly name: string }
  phase: Phase
}

/** Makes one transition. */
export function enter(instance: Phased, to: Phase): void {
  const from = instance.phase
  invariant(TRANSITIONS[from].includes(to), `${instance.group.name} cannot go from ${from} to ${to}`)
  instance.phase = to
}

/** The phases as a reason says them: operators read it, and other nodes in an ANSWER. */
export const PHASE_TEXT: Readonly<Record<Phase, string>> = {
  closing: 'closing',
  backup: 'watching',
  acquiring: 'acquiring',
  active: 'holding',
  handingOver: 'parting',
  draining: 'draining',
}
