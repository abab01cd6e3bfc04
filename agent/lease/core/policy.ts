/**
 * Policies of an owner: when it gives up a valid lease, and to whom. The kernel refuses, the interface is down, this node is set
 * to standby, an operator stopped the group, a peer would serve better. Whether this node may acquire a group is decided in eligibility.ts.
 */
import { type LeaseView } from '@lvsm/protocol'
import { after, type Instant } from '@lvsm/base'
import type { LeaseInput } from './events.ts'
import { addressesStand, onAddressAnswer } from './kernel-calls.ts'
import { bestPeer, reaches } from './peers.ts'
import { goneText } from './fence-gone.ts'
import { extendFence } from './renew.ts'
import type { GroupState } from './group-state.ts'
import type { LeaseState } from './state.ts'
import { stepDown } from './step-down.ts'
import { startTransfer } from './transfer.ts'

/** Fence calls without acknowledgement, in a row, after which a ready peer gets the group. */
const MISSES = 2
/** As the kernel says that the element is not there. */
const NO_OBJECT = 'no such object'
/** Back-off of a node whose kernel refused: others go first. */
const FAULT_MS = 2000
/** Pause between two attempts of an owner in standby to transfer the group. */
const STANDBY_RETRY_MS = 1000
/** How long a peer must be better, so that a short fault moves nothing. */
export const BETTER_FOR_MS = 3000
/** The same doubles with each transfer, up to this: a peer may look better and still refuse, or not keep the group. */
const LONGEST_BETTER_FOR_MS = 300_000
/** The last transfer is forgotten after so many times that duration. */
const REMEMBERED = 8

/** The kernel answered an extension of the fence. */
export function onRenewed(
  state: LeaseState,
  view: LeaseView,
  instance: GroupState,
  answer: Extract<LeaseInput, { kind: 'fenced' }>,
): void {
  if (instance.phase !== 'active') return
  if (answer.result === 'done') instance.misses = 0
  else onFenceRefused(state, view, instance, answer.error)
}

/**
 * Policy for a kernel that did not acknowledge. A renewal is tried once more; the second time a ready peer gets the group, and
 * where there is none, or an opening failed, everything is closed and opened once more under the same lease.
 */
export function onFenceRefused(state: LeaseState, view: LeaseView, instance: GroupState, error: string): void {
  instance.misses += 1
  const { misses, phase } = instance
  if (phase === 'active' && misses === 1 && extendFence(state, view, instance)) return
  const what = `the kernel refused to ${phase === 'acquiring' ? 'open' : 'renew'} the fence${error ? `: ${error}` : ''}`
  const reason = phase === 'active' && error.includes(NO_OBJECT) ? `${what} (${goneText(state, instance)})` : what
  const peer = bestPeer(state, view, instance.group)
  if (misses < MISSES || (misses === MISSES && peer === null))
    stepDown(state, instance, `${reason}; closing it and opening again`, { event: 'note', reopen: true })
  else yieldToPeer(state, instance, `${reason}, ${misses} times in a row`, peer)
}

/** Policy for addresses that cannot be added: an owner without them is none, and a peer may be able to have them. */
export function onAddressed(
  state: LeaseState,
  view: LeaseView,
  instance: GroupState,
  input: Extract<LeaseInput, { kind: 'addressed' }>,
): void {
  onAddressAnswer(instance, input)
  if (input.op === 'remove' || input.ok || instance.phase !== 'active' || addressesStand(instance)) return
  const reason = `the addresses of ${instance.group.name} cannot be added: ${input.error}`
  yieldToPeer(state, instance, reason, bestPeer(state, view, instance.group))
}

/** Steps down because this node's kernel fails, and backs off as a candidate. */
function yieldToPeer(state: LeaseState, instance: GroupState, reason: string, successor: string | null): void {
  instance.faultUntil = after(state.now, FAULT_MS)
  instance.misses = 0
  stepDown(state, instance, reason, { event: 'gave-up', successor })
}

/** The policies of an owner, in the order of their urgency. */
export function tickPolicy(state: LeaseState, view: LeaseView, instance: GroupState): void {
  tickStopped(state, instance)
  if (instance.phase === 'active') tickInterface(state, view, instance)
  if (instance.phase === 'active') tickBetter(state, view, instance)
  if (instance.phase === 'active') tickStandby(state, view, instance)
}

/** When a policy may have something to do, if nothing happens before. */
export function nextPolicy(state: LeaseState, instance: GroupState): Instant[] {
  return [
    ...(state.standby && !instance.transfer ? [instance.standbyAt] : []),
    ...(instance.betterSince === null ? [] : [after(instance.betterSince, betterForMs(instance))]),
  ]
}

/** Policy for a group that nobody is to own: given up at once and for nobody, everything off before the voters are told. */
function tickStopped(state: LeaseState, instance: GroupState): void {
  const { name, stopped } = instance.group
  if (stopped) stepDown(state, instance, `an operator stopped ${name}`, { event: 'released' })
}

/**
 * Policy for an interface that is down (VRRP: FAULT), as the agent reports it. Without drain or delay, because no client
 * reaches this node any more. Where no peer is ready it keeps the group, since the interface may recover.
 */
function tickInterface(state: LeaseState, view: LeaseView, instance: GroupState): void {
  if (state.now >= instance.interfaceFaultUntil) return
  const successor = bestPeer(state, view, instance.group)
  if (successor !== null) stepDown(state, instance, instance.readiness.reason, { event: 'gave-up', successor })
}

/** Policy for standby: a ready peer gets the group by a planned move; where there is none, this node keeps it. */
function tickStandby(state: LeaseState, view: LeaseView, instance: GroupState): void {
  if (!state.standby || instance.transfer || state.now < instance.standbyAt) return
  instance.standbyAt = after(state.now, STANDBY_RETRY_MS)
  if (bestPeer(state, view, instance.group) === null) return
  startTransfer(state, view, instance, null, `${state.node} is under maintenance`, { repeated: true })
}

/** Policy for a better peer: a planned transfer once it has been better for long enough. */
function tickBetter(state: LeaseState, view: LeaseView, instance: GroupState): void {
  const better = state.standby || instance.transfer ? null : betterPeer(state, view, instance)
  if (better === null) {
    instance.betterSince = null
    return
  }
  instance.betterSince ??= state.now
  const forMs = betterForMs(instance)
  if (state.now < after(instance.betterSince, forMs)) return
  instance.betterSince = null
  instance.betterMove = { at: state.now, forMs }
  startTransfer(state, view, instance, better.node, better.why, { unordered: true })
}

function betterForMs(instance: GroupState): number {
  const { betterMove } = instance
  if (!betterMove || instance.betterSince === null) return BETTER_FOR_MS
  const { at, forMs } = betterMove
  if (instance.betterSince >= after(at, REMEMBERED * forMs)) return BETTER_FOR_MS
  return Math.min(2 * forMs, LONGEST_BETTER_FOR_MS)
}

interface Better {
  readonly node: string
  readonly why: string
}
/**
 * A ready peer that reaches more ping nodes, or any where this node is not ready, as the agents reported last; null when there
 * is none. An outdated report of this node's agent counts for nothing: agents may be restarted at any time.
 */
function betterPeer(state: LeaseState, view: LeaseView, { group, readiness }: GroupState): Better | null {
  if (state.now >= readiness.until) return null
  const node = bestPeer(state, view, group)
  if (node === null) return null
  if (!readiness.ready) return { node, why: `${state.node} cannot serve it: ${readiness.reason}` }
  const theirs = reaches(state, node, group.name)
  return theirs > readiness.reaches
    ? { node, why: `${state.node} reaches ${readiness.reaches} ping nodes, ${node} reaches ${theirs}` }
    : null
}
