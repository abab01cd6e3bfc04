/** Candidate: pre-votes (POLL) and requests a group's first lease, by the plan of `Candidate` (packages/lease/PROTOCOL.md, section 5). */
import { type Busy, type Free, type LeaseView, type Poll } from '@lvsm/protocol'
import { after, between, earlier, type Instant, NEVER_BEFORE, renewalMs } from '@lvsm/base'
import { type Situation, votersOf } from '@lvsm/lease'
import { rankOf } from './peers.ts'
import { about, send, sendRelease } from './send.ts'
import { raiseNumber, requestLease } from './renew.ts'
import { enoughMs, isAllOff, type GroupState } from './group-state.ts'
import { count, type LeaseState } from './state.ts'
import { acquire } from './acquire.ts'
import { whyNotCandidate } from './eligibility.ts'
import { hearEpoch, highestOf } from './epochs.ts'

export function situationOf(state: LeaseState, view: LeaseView, instance: GroupState): Situation {
  const voters = votersOf(view)
  return {
    eligible: whyNotCandidate(state, view, instance.group) === null && isAllOff(instance, state.now),
    rank: rankOf(state, view, instance),
    renewedUntil: renewedUntil(state, view, instance),
    timing: view.timing,
    voters,
    needed: state.rules.quorum(voters.length),
    numbersFrom: state.rules.numbersFrom(view.epoch),
  }
}

export function tickCandidate(state: LeaseState, view: LeaseView, instance: GroupState): void {
  const here = situationOf(state, view, instance)
  const plan = instance.candidate.plan(here, state.now)
  if (!plan || plan.at > state.now) return
  if (plan.move === 'poll') poll(state, view, instance)
  else if (plan.move === 'ask') ask(state, view, instance)
  else withdraw(state, view, instance)
}

/** When the plan is due, or may become another one by time alone: as the renewal that this node's own voter saw grows old. */
export function nextCandidacy(state: LeaseState, view: LeaseView, instance: GroupState): Instant | null {
  const here = situationOf(state, view, instance)
  const plan = instance.candidate.plan(here, state.now)
  if (!plan) return null
  return here.renewedUntil > state.now ? earlier(plan.at, here.renewedUntil) : plan.at
}

/** Until when this node's own voter counts on the holder's next renewal: before that no majority can be free. */
function renewedUntil(state: LeaseState, view: LeaseView, instance: GroupState): Instant {
  const { keepaliveMs, leaseMs } = view.timing
  const missingMs = renewalMs(view.timing) + keepaliveMs / 2
  const freshMs = state.acceptor.heldByOthersMs(instance.group, state, state.now) - (leaseMs - missingMs)
  return freshMs > 0 ? after(state.now, freshMs) : NEVER_BEFORE
}

function poll(state: LeaseState, view: LeaseView, instance: GroupState): void {
  const message: Poll = { kind: 'poll', ...about(view, instance.group) }
  instance.candidate.polled(view.timing, state.now)
  send(state, votersOf(view), message, 'one')
}

function ask(state: LeaseState, view: LeaseView, instance: GroupState): void {
  instance.pendingRelease = null
  const spread = instance.candidate.asking ? 'all' : 'one'
  const number = instance.candidate.asks(state.sequence + 1, situationOf(state, view, instance), state.now)
  requestLease(state, view, instance, number, spread)
}

/** Ends an attempt without a majority: RELEASE to all, then a random back-off, so that rivals do not split the votes again. */
function withdraw(state: LeaseState, view: LeaseView, instance: GroupState): void {
  sendRelease(state, view, instance, instance.holder.release(), null, 'all')
  instance.candidate.withdrew(view.timing, state.now)
}

/** Acquires the group, unless too little is left of the lease to open a fence: then the attempt goes on with its next send. */
export function onMajority(state: LeaseState, view: LeaseView, instance: GroupState): void {
  const leftMs = between(state.now, instance.holder.deadline)
  if (leftMs < enoughMs(view.timing, instance) || !isAllOff(instance, state.now)) return
  instance.candidate.won()
  instance.raisedNumber = 0
  acquire(state, view, instance)
}

export function onVote(
  state: LeaseState,
  view: LeaseView,
  instance: GroupState,
  from: string,
  answer: Free | Busy,
): void {
  if (answer.echo.incarnation !== state.incarnation) return
  // An answer to what was never asked would pass for its voter's latest word for ever.
  if (answer.echo.sequence > state.sequence) return count(state, 'stray-ack')
  if (answer.kind === 'busy' && answer.reason === 'epoch') refusedInEpoch(state, from, answer.epoch)
  if (answer.kind === 'busy' && answer.reason === 'number') raiseNumber(state, view, instance, answer.highWater)
  instance.candidate.heard(from, answer, situationOf(state, view, instance), state.now)
}

/** Who refuses acts on another epoch: where that is a higher one, the agent must hear of it at once. Whom it counts there its next heartbeat says. */
function refusedInEpoch(state: LeaseState, from: string, epoch: number): void {
  const word = state.peers.get(from)
  if (!word || epoch <= highestOf(word)) return
  state.peers.set(from, { ...word, nextEpoch: epoch })
  hearEpoch(state, highestOf(word), epoch)
}
