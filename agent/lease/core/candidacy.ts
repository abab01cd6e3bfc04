/** This node as a candidate for a group: carries out the candidate's plan. */
import { after, between, type Instant, NEVER_BEFORE, renewalMs } from '@lvsm/base'
import {
  type Ack,
  type Busy,
  type Free,
  isNext,
  type LeaseView,
  type Poll,
  type Situation,
  votersOf,
} from '@lvsm/lease'
import { rankOf } from './peers.ts'
import { about, post, postRelease } from './post.ts'
import { onExtended, request } from './renewing.ts'
import { enoughMs, isSilent, type Seat } from './seat.ts'
import { count, type Station } from './station.ts'
import { take } from './taking.ts'
import { unwilling } from './willing.ts'

export function situation(station: Station, view: LeaseView, seat: Seat): Situation {
  const voters = votersOf(view)
  return {
    eligible: unwilling(station, view, seat.group) === null && isSilent(seat, station.now),
    rank: rankOf(station, view, seat),
    renewedUntil: renewedUntil(station, view, seat),
    timing: view.timing,
    voters,
    needed: station.rules.quorum(voters.length),
  }
}

export function tendCandidate(station: Station, view: LeaseView, seat: Seat): void {
  const here = situation(station, view, seat)
  const plan = seat.candidate.plan(here, station.now)
  if (!plan || plan.at > station.now) return
  if (plan.move === 'poll') poll(station, view, seat)
  else if (plan.move === 'ask') ask(station, view, seat)
  else withdraw(station, view, seat)
}

export const nextCandidacy = (station: Station, view: LeaseView, seat: Seat): Instant | null =>
  seat.candidate.plan(situation(station, view, seat), station.now)?.at ?? null

/** A candidate that votes itself sees each renewal of the holder: while the last is fresh, nobody's vote is free. */
function renewedUntil(station: Station, view: LeaseView, seat: Seat): Instant {
  const { keepaliveMs, termMs } = view.timing
  const missingMs = renewalMs(view.timing) + keepaliveMs / 2
  const freshMs = station.acceptor.heldByOthersMs(seat.group, station, station.now) - (termMs - missingMs)
  return freshMs > 0 ? after(station.now, freshMs) : NEVER_BEFORE
}

function poll(station: Station, view: LeaseView, seat: Seat): void {
  const message: Poll = { kind: 'poll', ...about(view, seat.group) }
  seat.candidate.polled(view.timing, station.now)
  post(station, votersOf(view), message, 'one')
}

function ask(station: Station, view: LeaseView, seat: Seat): void {
  seat.farewell = null
  const spread = seat.candidate.asking ? 'all' : 'one'
  const number = seat.candidate.asks(station.sequence + 1, situation(station, view, seat), station.now)
  request(station, view, seat, number, spread)
}

/** No majority: give back what was lent, and come again at a time that the rival does not choose too. */
function withdraw(station: Station, view: LeaseView, seat: Seat): void {
  postRelease(station, view, seat, seat.holder.release(), null, 'all')
  seat.candidate.withdrew(view.timing, station.now)
}

export function onAck(station: Station, view: LeaseView, seat: Seat, from: string, ack: Ack): void {
  const verdict = seat.holder.acked(from, ack, station.now)
  if (verdict === 'stray') count(station, 'stray-ack')
  if (verdict !== 'extended') return
  if (seat.phase === 'holding') onExtended(station, view, seat)
  else if (seat.phase === 'watching' && seat.candidate.asking) win(station, view, seat)
}

/** Too little left to open a fence: the attempt goes on with its next send. */
function win(station: Station, view: LeaseView, seat: Seat): void {
  const leftMs = between(station.now, seat.holder.deadline)
  if (leftMs < enoughMs(view.timing, seat) || !isSilent(seat, station.now)) return
  seat.candidate.won()
  seat.raisedNumber = 0
  take(station, view, seat)
}

export function onVote(station: Station, view: LeaseView, seat: Seat, from: string, answer: Free | Busy): void {
  if (answer.echo.incarnation !== station.incarnation) return
  if (answer.kind === 'busy' && answer.reason === 'number') raiseNumber(station, seat, answer.highWater)
  seat.candidate.heard(from, answer, situation(station, view, seat), station.now)
}

/** A voter that started anew grants our lease again under a number above all that it may have granted before. */
function raiseNumber(station: Station, seat: Seat, highWater: number): void {
  if (seat.holder.believes(station.now) && isNext(highWater + 1, seat.holder.number))
    seat.raisedNumber = Math.max(seat.raisedNumber, highWater + 1)
}
