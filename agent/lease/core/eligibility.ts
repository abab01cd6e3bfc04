/** Eligibility of this node for a group, as a candidate and as the successor of a planned transfer. */
import { type LeaseGroup, type LeaseView } from '@lvsm/protocol'
import { directs } from '@lvsm/lease'
import { claimOf, hasQuorum } from './peers.ts'
import { PHASE_TEXT } from './phases.ts'
import { isFaultOver, isReady, unreadyReason } from './group-state.ts'
import type { LeaseState } from './state.ts'
import { votersUnsettled } from './voter-sets.ts'

/** Why this node does not stand as a candidate; null when it does. */
export function whyNotCandidate(state: LeaseState, view: LeaseView, group: LeaseGroup): string | null {
  const instance = state.instances.get(group.name)
  const why = unwillingFor(state, view, group)
  if (why !== null || !instance) return why
  if (!isReady(instance, state.now)) return `${state.node} is not ready: ${unreadyReason(instance)}`
  return instance.phase === 'backup' ? null : `${state.node} is still ${PHASE_TEXT[instance.phase]}`
}

/** Whatever its agent says of its kernel, and for more than the moment that a move takes. */
export function unwillingFor(state: LeaseState, view: LeaseView, group: LeaseGroup): string | null {
  const { node, now } = state
  const instance = state.instances.get(group.name)
  if (!instance || !directs(view, group)) return `${node} is no director of ${group.name}`
  if (group.stopped) return `an operator stopped ${group.name}`
  if (state.stopping) return `${node} is stopping`
  if (state.standby) return `${node} is under maintenance`
  const voters = votersUnsettled(state)
  if (voters !== null) return voters
  if (!isFaultOver(instance, now)) return `${node} had to give ${group.name} up a moment ago, its kernel refused`
  return null
}

/** Why this node refuses an OFFER of that owner; null when it is willing. */
export const whyNotSuccessor = (state: LeaseState, view: LeaseView, group: LeaseGroup, owner: string): string | null =>
  whyNotCandidate(state, view, group) ??
  (hasQuorum(state, view) ? whyNotInstead(state, group, owner) : `${state.node} does not hear a majority of the voters`)

/**
 * A service that the owner serves would be served no more. Nobody is kept by it from a group that nobody holds, nor from that of an
 * owner which says that it cannot serve it: there all others are better off.
 */
function whyNotInstead(state: LeaseState, { name }: LeaseGroup, owner: string): string | null {
  const { dark = null, shut = null } = state.instances.get(name)?.readiness ?? {}
  if ((dark === null && shut === null) || claimOf(state, owner, name)?.ready === false) return null
  if (shut !== null) return `${state.node} ${shut}`
  return `${state.node} knows no realserver of service ${dark}, which would not be served there`
}
