/**
 * Epochs: numbers of sets of voters, from coordinators (packages/lease/PROTOCOL.md, section 8). What this node knows of them, and
 * says of them; how a view of a higher epoch comes into use: succession.ts.
 */
import { type Heartbeat, type LeaseView } from '@lvsm/protocol'
import { after, type Instant, NEVER_BEFORE, type Trouble } from '@lvsm/base'
import { votersOf } from '@lvsm/lease'
import { isPillar } from './entitled.ts'
import type { LeaseState, PeerState } from './state.ts'

export interface Epochs {
  /** For certain: no restart goes below it. */
  onDisk: number
  /** The disk lost which epoch this node acted on, and it acts on none yet that is high enough for certain. */
  lost: boolean
  /** It acted on no higher epoch than this: no higher one was committed after its start. Infinity: nobody has confirmed that. */
  highest: number
  /** The newest view of an epoch that the disk does not have yet. */
  pending: LeaseView | null
  /** The newest view of a higher epoch than the present one that the disk has; since when; and whether its turn has come. */
  secured: LeaseView | null
  securedAt: Instant
  isDue: boolean
  /** What the last heartbeats said of it. */
  announced: number | undefined
  /** Epoch of a view that was refused; null when the last one was not. */
  refused: number | null
}

/** `onDisk`: as a predecessor left it. */
export const newEpochs = (onDisk: number, lost: boolean): Epochs => ({
  onDisk,
  lost,
  highest: Number.POSITIVE_INFINITY,
  pending: null,
  secured: null,
  securedAt: NEVER_BEFORE,
  isDue: false,
  announced: undefined,
  refused: null,
})

/** The highest that this node knows a view of. */
export const knownEpoch = ({ view, epochs: { onDisk, pending, secured } }: LeaseState): number =>
  Math.max(onDisk, view?.epoch ?? 0, pending?.epoch ?? 0, secured?.epoch ?? 0)

/** When this node's vote can be had under a view; null: nobody knows when. */
export function votesAt({ acceptor, epochs, now, node }: LeaseState, view: LeaseView): Instant | null {
  if (!votersOf(view).includes(node)) return NEVER_BEFORE
  if ((epochs.lost && view.epoch < epochs.highest) || acceptor.grantableMs <= 0) return null
  const leftMs = acceptor.quarantineLeftMs(now)
  return leftMs > 0 ? after(now, leftMs) : NEVER_BEFORE
}

/** For heartbeats: the epoch that is acted on, and a higher one that this node could act on. */
export function epochsOf(state: LeaseState, { epoch }: LeaseView): Pick<Heartbeat, 'epoch' | 'nextEpoch' | 'silentMs'> {
  const next = nextEpoch(state)
  const from = state.epochs.secured && next !== undefined ? votesAt(state, state.epochs.secured) : null
  return {
    ...(epoch > 1 ? { epoch } : {}),
    ...(next === undefined ? {} : { nextEpoch: next }),
    ...(from !== null && from > state.now ? { silentMs: from - state.now } : {}),
  }
}
export const nextEpoch = (state: LeaseState): number | undefined =>
  state.epochs.secured && votesAt(state, state.epochs.secured) !== null ? state.epochs.secured.epoch : undefined

/** The highest that a peer has. */
export const highestOf = (word: Pick<PeerState, 'epoch' | 'nextEpoch'> | undefined): number =>
  Math.max(word?.epoch ?? 0, word?.nextEpoch ?? 0)

/** A peer said on which epoch it acts, in a heartbeat or by a refusal: where that is a higher one there is a newer view. */
export function hearEpoch(state: LeaseState, before: number, epoch: number): void {
  if (epoch > before && epoch > knownEpoch(state)) state.effects.push({ kind: 'claimed' })
}

/** The highest epoch of which others have a view and this node has none; undefined where there is none. */
export function newerEpoch(state: LeaseState, view: LeaseView): number | undefined {
  const heard = [...state.peers].filter(([name]) => isPillar(view, name))
  const highest = Math.max(0, ...heard.map(([, word]) => highestOf(word)))
  return highest > knownEpoch(state) ? highest : undefined
}

export const outdatedText = (state: LeaseState, epoch: number): string =>
  `refused a configuration of epoch ${epoch}: ${state.node} knows epoch ${knownEpoch(state)}, and votes could count twice if it went back`

export function epochTroubles(state: LeaseState): Trouble[] {
  const { node, view, epochs } = state
  const outdated: Trouble = {
    code: 'older-epoch',
    severity: 'critical',
    message: outdatedText(state, epochs.refused ?? 0),
    hint: 'the coordinators that its agent follows are behind, or an old backup was put back: lvsm coordinators; where the agent shall read a file again, stop lvsm-lease on all nodes first, and remove its lease.state and lease.view',
  }
  const lost: Trouble = {
    code: 'epoch-lost',
    severity: 'warning',
    message: `${node} lost which set of voters it acted on last, and does not vote until its coordinators have confirmed the present one`,
    hint: 'its agent asks for that by itself as soon as a majority of the coordinators can be reached (lvsm coordinators); until then the other voters are all needed: stop none of them',
  }
  const isWaiting = epochs.lost && view?.followed === true && votersOf(view).includes(node)
  return [...(epochs.refused === null ? [] : [outdated]), ...(isWaiting ? [lost] : [])]
}
