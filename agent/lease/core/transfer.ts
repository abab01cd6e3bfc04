/**
 * Planned transfer of a lease, the lease processes' part of a switchover: OFFER → willing ANSWER → announcements closed, the rest opened for the drain time only →
 * acknowledged → RELEASE with the successor's name → drain → everything closed (packages/lease/PROTOCOL.md 6.4; FENCE.md, row 12).
 *
 * Laws: nothing changes before the successor is willing; announcements are closed, acknowledged, before the RELEASE;
 * after the RELEASE the kernel itself ends the serving within the drain time.
 */
import { type Answer, type LeaseView, type Offer } from '@lvsm/protocol'
import { after, type Instant, NEVER_BEFORE, plainLine, ROUNDING_MS } from '@lvsm/base'
import type { Asker } from './events.ts'
import { closeFence, renewFence } from './kernel-calls.ts'
import { bestPeer } from './peers.ts'
import { enter } from './phases.ts'
import { about, send, reply } from './send.ts'
import { startRelease } from './release.ts'
import { fenceCalls, type GroupState } from './group-state.ts'
import { isNoted } from './noted.ts'
import { type LeaseState, emitEvent } from './state.ts'
import { closeAll, endLease, stepDown } from './step-down.ts'
import { whyNotSuccessor } from './eligibility.ts'

/** Keepalives until an offer ends without an answer. */
const OFFER_KEEPALIVES = 4
/** Shorter drains are skipped. */
const SHORTEST_DRAIN_MS = 4 * ROUNDING_MS

/** Why a transfer cannot start; null when it can. */
function obstacle(state: LeaseState, instance: GroupState, to: string | null): string | null {
  const { name, directors } = instance.group
  if (instance.phase !== 'active') return `${state.node} does not hold ${name}`
  if (instance.transfer) return `a move of ${name} to ${instance.transfer.to} is under way`
  if (to === null) return `no other director of ${name} is ready`
  if (to === state.node) return `${to} holds ${name} already`
  return directors.includes(to) ? null : `${to} is no director of ${name}`
}

export function startTransfer(
  state: LeaseState,
  view: LeaseView,
  instance: GroupState,
  wanted: string | null,
  reason: string,
  how: { readonly repeated?: boolean; readonly unordered?: boolean } = {},
): void {
  const to = wanted ?? bestPeer(state, view, instance.group)
  const why = obstacle(state, instance, to)
  if (why !== null || to === null) {
    emitEvent(state, instance.group.name, 'refused', instance.holder.number, why ?? '')
    return
  }
  const { repeated = false, unordered = false } = how
  const began = { since: state.now, sequences: new Set<number>(), resendAt: state.now }
  instance.transfer = { to, reason, repeated, unordered, ...began }
  tellOf(state, instance, 'offered', `${instance.group.name} offered to ${to}: ${reason}`)
  tickTransfer(state, view, instance)
}

function tellOf(state: LeaseState, instance: GroupState, kind: 'offered' | 'refused', reason: string): void {
  const { group, holder, transfer } = instance
  if (transfer?.repeated && isNoted(state, `${group.name} ${reason}`)) return
  const more = kind === 'offered' && transfer?.unordered === true ? { unordered: true } : {}
  emitEvent(state, group.name, kind, holder.number, reason, more)
}

const offerEnds = (view: LeaseView, since: Instant): Instant => after(since, OFFER_KEEPALIVES * view.timing.keepaliveMs)

export function tickTransfer(state: LeaseState, view: LeaseView, instance: GroupState): void {
  const { transfer } = instance
  if (!transfer) return
  if (state.now >= offerEnds(view, transfer.since)) {
    endTransfer(
      state,
      instance,
      `${transfer.to} did not answer within ${OFFER_KEEPALIVES * view.timing.keepaliveMs} ms`,
    )
  } else if (state.now >= transfer.resendAt) {
    const more = transfer.unordered ? { unordered: true } : {}
    const message: Offer = { kind: 'offer', ...about(view, instance.group), number: instance.holder.number, ...more }
    const spread = transfer.sequences.size === 0 ? 'one' : 'all'
    transfer.sequences.add(send(state, [transfer.to], message, spread))
    transfer.resendAt = after(state.now, view.timing.keepaliveMs / 3)
  }
}

export const nextTransfer = (view: LeaseView, instance: GroupState): Instant | null =>
  instance.transfer ? (Math.min(instance.transfer.resendAt, offerEnds(view, instance.transfer.since)) as Instant) : null

/** How long a peer that refused an offer is the last choice. */
const PASSED_OVER_MS = 30_000

function endTransfer(state: LeaseState, instance: GroupState, reason: string): void {
  if (instance.transfer) instance.refusedUntil.set(instance.transfer.to, after(state.now, PASSED_OVER_MS))
  tellOf(state, instance, 'refused', reason)
  instance.transfer = null
}

export function onOffer(state: LeaseState, view: LeaseView, sender: Asker, offer: Offer): void {
  const group = view.groups.find(({ name }) => name === offer.group)
  state.instances.get(offer.group)?.candidate.voteTable.raise(offer.number)
  const why = group ? whyNotSuccessor(state, view, group, sender.node) : `${state.node} does not know ${offer.group}`
  const instance = state.instances.get(offer.group)
  if (instance && why === null) instance.offeredAt = offer.unordered === true ? NEVER_BEFORE : state.now
  const echo = { incarnation: sender.incarnation, sequence: sender.sequence }
  const { group: name, digest, epoch } = offer
  reply(state, sender, {
    kind: 'answer',
    group: name,
    digest,
    epoch,
    echo,
    willing: why === null,
    reason: cut(why ?? ''),
  })
}

/** Longest reason in an ANSWER, which must fit a datagram; of a peer's, no more ends in logs. */
const LONGEST_REASON = 200
const cut = (reason: string): string =>
  reason.length > LONGEST_REASON ? `${reason.slice(0, LONGEST_REASON - 1)}…` : reason

export function onAnswer(state: LeaseState, view: LeaseView, instance: GroupState, from: string, answer: Answer): void {
  const { transfer } = instance
  if (!transfer || instance.phase !== 'active' || transfer.to !== from) return
  if (answer.echo.incarnation !== state.incarnation || !transfer.sequences.has(answer.echo.sequence)) return
  if (!answer.willing) endTransfer(state, instance, `${from} refused: ${plainLine(cut(answer.reason))}`)
  else if (fenceCalls(instance) === 0) handOver(state, view, instance, transfer.to)
}

/** The successor is willing: close *announce*, and give *serve* its last timeout, the drain time. */
function handOver(state: LeaseState, view: LeaseView, instance: GroupState, to: string): void {
  const drainMs = view.timing.drainMs - 2 * ROUNDING_MS
  if (view.timing.drainMs < SHORTEST_DRAIN_MS) {
    stepDown(state, instance, `${instance.group.name} released to ${to}`, { event: 'released', successor: to })
    return
  }
  enter(instance, 'handingOver')
  instance.burst = null
  closeFence(state, instance, ['announce'])
  renewFence(state, instance, ['serve'], drainMs, after(state.now, view.timing.drainMs))
}

/**
 * Phase `handingOver`: once the kernel acknowledged, RELEASE and drain. Where it refused, or somebody took the tables away, whose
 * closing it had acknowledged, everything is closed first.
 */
export function tickHandingOver(state: LeaseState, view: LeaseView, instance: GroupState): void {
  if (fenceCalls(instance) > 0) return
  const to = instance.transfer?.to ?? null
  const reason = `${instance.group.name} released to ${to ?? 'nobody'}${instance.transfer ? `: ${instance.transfer.reason}` : ''}`
  const isClosed = instance.announce.isClosed(state.now) && state.tablesDue !== 'gone'
  if (!isClosed || instance.serve.latest > after(state.now, view.timing.drainMs)) {
    stepDown(state, instance, reason, { event: 'released', successor: to })
    return
  }
  emitEvent(state, instance.group.name, 'released', instance.holder.number, reason)
  endLease(instance, to)
  startRelease(state, view, instance)
  instance.transfer = null
  enter(instance, 'draining')
}

/** Phase `draining`: at its end, close what is left. */
export function tickDraining(state: LeaseState, instance: GroupState): void {
  if (state.now < instance.serve.latest) return
  enter(instance, 'closing')
  closeAll(state, instance)
}
