/**
 * The planned switchover: OFFER → willing ANSWER → announcements closed, the rest opened for the drain time only →
 * acknowledged → RELEASE with the successor's name → drain → everything closed (packages/lease/PROTOCOL.md 6.4; FENCE.md, row 12).
 *
 * Laws: nothing changes before the successor is willing; announcements are closed, acknowledged, before the RELEASE;
 * after the RELEASE the kernel itself ends the serving within the drain time.
 */
import { after, type Instant, ROUNDING_MS } from '@lvsm/base'
import type { Answer, LeaseView, Offer } from '@lvsm/lease'
import type { Asker } from './events.ts'
import { closeFence, renewFence } from './kernel.ts'
import { bestPeer } from './peers.ts'
import { enter } from './phases.ts'
import { about, post, reply } from './post.ts'
import { startRelease } from './release.ts'
import { fenceCalls, type Seat } from './seat.ts'
import { type Station, tell } from './station.ts'
import { closeAll, endLease, stepDown } from './step-down.ts'
import { unsuited } from './willing.ts'

/** An offer is good for so many keepalives. */
const OFFER_KEEPALIVES = 4
/** A drain shorter than this is not worth its calls. */
const SHORTEST_DRAIN_MS = 4 * ROUNDING_MS

/** Why a move cannot begin; null when it can. */
function obstacle(station: Station, seat: Seat, to: string | null): string | null {
  const { name, directors } = seat.group
  if (seat.phase !== 'holding') return `${station.node} does not hold ${name}`
  if (seat.transfer) return `a move of ${name} to ${seat.transfer.to} is under way`
  if (to === null) return `no other director of ${name} is ready`
  if (to === station.node) return `${to} holds ${name} already`
  return directors.includes(to) ? null : `${to} is no director of ${name}`
}

export function beginTransfer(
  station: Station,
  view: LeaseView,
  seat: Seat,
  wanted: string | null,
  reason: string,
): void {
  const to = wanted ?? bestPeer(station, view, seat.group)
  const why = obstacle(station, seat, to)
  if (why !== null || to === null) {
    tell(station, seat.group.name, 'refused', seat.holder.number, why ?? '')
    return
  }
  seat.transfer = { to, reason, since: station.now, sequences: new Set(), resendAt: station.now }
  tell(station, seat.group.name, 'offered', seat.holder.number, `${seat.group.name} offered to ${to}: ${reason}`)
  tendTransfer(station, view, seat)
}

const offerEnds = (view: LeaseView, since: Instant): Instant => after(since, OFFER_KEEPALIVES * view.timing.keepaliveMs)

export function tendTransfer(station: Station, view: LeaseView, seat: Seat): void {
  const { transfer } = seat
  if (!transfer) return
  if (station.now >= offerEnds(view, transfer.since)) {
    refuse(station, seat, `${transfer.to} did not answer within ${OFFER_KEEPALIVES * view.timing.keepaliveMs} ms`)
  } else if (station.now >= transfer.resendAt) {
    const message: Offer = { kind: 'offer', ...about(view, seat.group), number: seat.holder.number }
    const spread = transfer.sequences.size === 0 ? 'one' : 'all'
    transfer.sequences.add(post(station, [transfer.to], message, spread))
    transfer.resendAt = after(station.now, view.timing.keepaliveMs / 3)
  }
}

export const nextTransfer = (view: LeaseView, seat: Seat): Instant | null =>
  seat.transfer ? (Math.min(seat.transfer.resendAt, offerEnds(view, seat.transfer.since)) as Instant) : null

/** For so long a peer that refused is asked only where nobody else is ready. */
const PASSED_OVER_MS = 30_000

function refuse(station: Station, seat: Seat, reason: string): void {
  if (seat.transfer) seat.refusedUntil.set(seat.transfer.to, after(station.now, PASSED_OVER_MS))
  seat.transfer = null
  tell(station, seat.group.name, 'refused', seat.holder.number, reason)
}

export function onOffer(station: Station, view: LeaseView, sender: Asker, offer: Offer): void {
  const group = view.groups.find(({ name }) => name === offer.group)
  station.seats.get(offer.group)?.candidate.survey.raise(offer.number)
  const why = group ? unsuited(station, view, group) : `${station.node} does not know ${offer.group}`
  const echo = { incarnation: sender.incarnation, sequence: sender.sequence }
  const { group: name, digest, epoch } = offer
  reply(station, sender, {
    kind: 'answer',
    group: name,
    digest,
    epoch,
    echo,
    willing: why === null,
    reason: cut(why ?? ''),
  })
}

/** An agent may have a lot to say; an answer that is too long for its datagram would be none. */
const LONGEST_REASON = 200
const cut = (reason: string): string =>
  reason.length > LONGEST_REASON ? `${reason.slice(0, LONGEST_REASON - 1)}…` : reason

export function onAnswer(station: Station, view: LeaseView, seat: Seat, from: string, answer: Answer): void {
  const { transfer } = seat
  if (!transfer || seat.phase !== 'holding' || transfer.to !== from) return
  if (answer.echo.incarnation !== station.incarnation || !transfer.sequences.has(answer.echo.sequence)) return
  if (!answer.willing) refuse(station, seat, `${from} refused: ${answer.reason}`)
  else if (fenceCalls(seat) === 0) handOver(station, view, seat, transfer.to)
}

/** The successor is willing: close the announcements, and let the kernel end the serving after the drain time. */
function handOver(station: Station, view: LeaseView, seat: Seat, to: string): void {
  const drainMs = view.timing.drainMs - 2 * ROUNDING_MS
  if (view.timing.drainMs < SHORTEST_DRAIN_MS) {
    stepDown(station, seat, `${seat.group.name} released to ${to}`, { event: 'released', successor: to })
    return
  }
  enter(seat, 'parting')
  seat.burst = null
  closeFence(station, seat, ['announce'])
  renewFence(station, seat, ['serve'], drainMs, after(station.now, view.timing.drainMs))
}

/** Called after each answer of the kernel while parting. */
export function tendParting(station: Station, view: LeaseView, seat: Seat): void {
  if (fenceCalls(seat) > 0) return
  const to = seat.transfer?.to ?? null
  const reason = `${seat.group.name} released to ${to ?? 'nobody'}${seat.transfer ? `: ${seat.transfer.reason}` : ''}`
  if (!seat.announce.isClosed(station.now) || seat.serve.latest > after(station.now, view.timing.drainMs)) {
    stepDown(station, seat, reason, { event: 'released', successor: to })
    return
  }
  tell(station, seat.group.name, 'released', seat.holder.number, reason)
  endLease(seat, to)
  startRelease(station, view, seat)
  seat.transfer = null
  enter(seat, 'draining')
}

/** Drained, or closed by the kernel: take the rest away. */
export function tendDraining(station: Station, seat: Seat): void {
  if (station.now < seat.serve.latest) return
  enter(seat, 'closing')
  closeAll(station, seat)
}
