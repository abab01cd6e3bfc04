/**
 * How a view of a higher epoch comes into use: received → on the disk → acted on (packages/lease/PROTOCOL.md, section 8).
 *
 * Laws:
 * - nothing of a view is acted on or reported before the disk has its epoch, and none of a lower epoch ever again;
 * - while the disk refuses, the view before stays in use;
 * - a view that is on the disk waits a while for the others where acting on it alone would cost somebody a lease.
 */
import { type LeaseView } from '@lvsm/protocol'
import { after, earlier, type Instant, later, LONGEST_LEASE_MS, quarantineMs } from '@lvsm/base'
import { votersOf } from '@lvsm/lease'
import { highestOf, knownEpoch, nextEpoch, outdatedText, votesAt } from './epochs.ts'
import { adopt } from './membership.ts'
import { heardVoters, ownerOf } from './peers.ts'
import { emitEvent, heartbeatNow, type LeaseState, type PeerState } from './state.ts'

/** Views reach the nodes, and their disks, one after the other. */
const OTHERS_MS = 10_000
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
  if (view.confirmed === true) epochs.highest = Math.min(epochs.highest, view.epoch)
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
    if (view.epoch >= epochs.highest) epochs.lost = false
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
 * When a view that the disk has is acted on at the latest: at once where nothing is acted on yet, or where everybody could go on
 * under it; else when agents and disks have had their time, and the voters that have it are silent no more.
 */
function turnOf(state: LeaseState, next: LeaseView, since: Instant): Instant {
  const { view } = state
  if (!view || view.epoch >= next.epoch || state.rules.goesOn(couldAllGoOn(state, view, next))) return state.now
  const longest = after(since, OTHERS_MS + quarantineMs(LONGEST_LEASE_MS))
  return earlier(longest, votingFrom(state, next).reduce(later, after(since, OTHERS_MS)))
}

/** Of the new voters that are heard and have it: when each can be asked. */
function votingFrom(state: LeaseState, next: LeaseView): Instant[] {
  return heardVoters(state, next).flatMap((name) => {
    const word = state.peers.get(name)
    const at = name === state.node ? votesAt(state, next) : word && has(word, next) ? word.votesAt : null
    return at === null ? [] : [at]
  })
}
const has = (word: PeerState, { epoch }: LeaseView): boolean => highestOf(word) >= epoch

/** A majority of the new voters has it and can be asked, and whoever holds a group now has it: nobody loses a lease by it. */
function couldAllGoOn(state: LeaseState, view: LeaseView, next: LeaseView): boolean {
  const ready = votingFrom(state, next).filter((at) => at <= state.now)
  if (ready.length < state.rules.quorum(votersOf(next).length)) return false
  return view.groups.every((group) => {
    const owner = ownerOf(state, view, group)?.node ?? state.node
    const word = state.peers.get(owner)
    return owner === state.node || (word !== undefined && has(word, next))
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
  const { view, now } = state
  const { secured, isDue, securedAt } = state.epochs
  if (!view || !secured || isDue) return NEVER
  const times = [
    turnOf(state, secured, securedAt),
    ...votingFrom(state, secured).filter((at) => at > now),
    // Whoever held a group and fell silent is waited for until its lease has run out.
    ...view.groups.flatMap((group) => ownerOf(state, view, group) ?? []).map(({ goneAt }) => goneAt),
  ]
  return Math.min(...times) as Instant
}
