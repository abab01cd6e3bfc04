/**
 * How a view of a higher epoch comes into use: received → on the disk → acted on (packages/lease/PROTOCOL.md, section 8).
 *
 * Laws:
 * - nothing of a view is acted on or reported before the disk has its epoch, and none of a lower epoch ever again;
 * - while the disk refuses, the view before stays in use;
 * - a view that is on the disk waits a while for the others where acting on it alone would cost somebody a lease.
 */
import { type LeaseView } from '@lvsm/protocol'
import { after, type Instant, quarantineMs } from '@lvsm/base'
import { votersOf } from '@lvsm/lease'
import { couldVote, knownEpoch, nextEpoch, outdatedText } from './epochs.ts'
import { adopt } from './membership.ts'
import { heardVoters, ownerOf } from './peers.ts'
import { emitEvent, heartbeatNow, type LeaseState } from './state.ts'

/** Views reach the nodes, and their disks, one after the other: so long, and as long as a voter that has just started is silent. */
const LONGEST_WAIT_MS = 5000
const NEVER = Number.POSITIVE_INFINITY as Instant

/** From the agent, or from the disk at the start; and once more when its turn has come, by then with sockets of its own. */
export function onView(state: LeaseState, view: LeaseView): void {
  const { epochs } = state
  const isPresent = state.view?.epoch === view.epoch && state.view.revision === view.revision
  if (state.rules.isOutdated(view.epoch, knownEpoch(state)) && !isPresent) {
    epochs.refused = view.epoch
    return emitEvent(state, '', 'note', 0, outdatedText(state, view.epoch))
  }
  epochs.refused = null
  if (state.rules.mayAct(view.epoch, epochs.onDisk)) secure(state, view)
  else epochs.pending = view
}

/** `core.step` does with a view what this says: the sockets must know it before. */
export function isTurnOf(state: LeaseState, view: LeaseView): boolean {
  if (state.rules.isOutdated(view.epoch, knownEpoch(state)) || !state.rules.mayAct(view.epoch, state.epochs.onDisk))
    return false
  return state.now >= turnOf(state, view, state.epochs.secured ? state.epochs.securedAt : state.now)
}

/** The disk has its epoch. */
function secure(state: LeaseState, view: LeaseView): void {
  const { epochs } = state
  const since = epochs.secured?.epoch === view.epoch ? epochs.securedAt : state.now
  if (state.now >= turnOf(state, view, since)) {
    if (epochs.secured && epochs.secured.epoch <= view.epoch) epochs.secured = null
    if (view.confirmed === true) epochs.lost = false
    return adopt(state, view)
  }
  Object.assign(epochs, { secured: view, securedAt: since, isDue: false })
}

/** The disk has, or may have, the state that was written, and with it this view. */
export function onSecured(state: LeaseState, epoch: number, view: LeaseView | null): void {
  const { epochs } = state
  epochs.onDisk = Math.max(epochs.onDisk, epoch)
  if (view === null) return
  const { pending } = epochs
  const newest = pending && state.rules.mayAct(pending.epoch, epochs.onDisk) ? pending : view
  if (newest === pending) epochs.pending = null
  Object.assign(epochs, { secured: newest, securedAt: state.now, isDue: false })
}

/**
 * When a view that the disk has is acted on: at once where nothing is acted on yet, or where everybody could go on under it; else
 * at the end of the waiting.
 */
function turnOf(state: LeaseState, next: LeaseView, since: Instant): Instant {
  const { view } = state
  if (!view || view.epoch >= next.epoch || state.rules.goesOn(couldAllGoOn(state, view, next))) return state.now
  return after(since, LONGEST_WAIT_MS + quarantineMs(next.timing.leaseMs))
}

/** A majority of the new voters has it, and whoever holds a group now: nobody loses a lease by it. */
function couldAllGoOn(state: LeaseState, view: LeaseView, next: LeaseView): boolean {
  const has = (name: string): boolean => {
    if (name === state.node) return couldVote(state, next)
    const word = state.peers.get(name)
    return word !== undefined && Math.max(word.epoch, word.nextEpoch) >= next.epoch
  }
  const voters = votersOf(next)
  const ready = heardVoters(state, next).filter(has)
  if (ready.length < state.rules.quorum(voters.length)) return false
  return view.groups.every((group) => {
    const owner = ownerOf(state, view, group)?.node ?? state.node
    return owner === state.node || has(owner)
  })
}

export function tickEpochs(state: LeaseState): void {
  const { epochs } = state
  const { secured } = epochs
  const next = nextEpoch(state)
  if (next !== epochs.announced) heartbeatNow(state)
  epochs.announced = next
  if (!secured || epochs.isDue || state.now < turnOf(state, secured, epochs.securedAt)) return
  epochs.isDue = true
  state.effects.push({ kind: 'use-view', view: secured })
}

/** When the waiting may be over by time alone. */
export function nextTurn(state: LeaseState): Instant {
  const { view, epochs, acceptor, now } = state
  const { secured, isDue, securedAt } = epochs
  if (!view || !secured || isDue) return NEVER
  const quarantineLeftMs = acceptor.quarantineLeftMs(now)
  const times = [
    turnOf(state, secured, securedAt),
    ...(quarantineLeftMs > 0 ? [after(now, quarantineLeftMs)] : []),
    // Whoever held a group and fell silent is waited for until its lease has run out.
    ...view.groups.flatMap((group) => ownerOf(state, view, group) ?? []).map(({ goneAt }) => goneAt),
  ]
  return Math.min(...times) as Instant
}
