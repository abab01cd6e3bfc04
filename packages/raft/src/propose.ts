/** Commands and changes of members on their way into the log. Refused: nothing of it was done. */
import type { Refusal } from '@lvsm/base'
import { type Entry, sizeOf } from './entry.ts'
import type { Change } from './events.ts'
import { refuseChange } from './change.ts'
import { syncPeers } from './elect.ts'
import { append, lastIndex } from './log.ts'
import { changed } from './membership.ts'
import { NOT_LEADER, refuseProposal } from './outcomes.ts'
import { replicate } from './replicate.ts'
import { type Leadership, membership, type RaftState } from './state.ts'

export function onPropose(state: RaftState, id: string, payload: string): void {
  offer(state, id, { ...next(state), kind: 'command', payload }, () => null)
}

export function onChange(state: RaftState, id: string, change: Change, payload: string): void {
  const place = next(state)
  const after = changed(membership(state), change, place.index)
  offer(state, id, { ...place, kind: 'membership', membership: after, payload }, (leadership) =>
    refuseChange(state, leadership, change, after),
  )
}

const next = ({ log, currentTerm: term }: RaftState): { index: number; term: number } => ({
  index: lastIndex(log) + 1,
  term,
})

function offer(state: RaftState, id: string, entry: Entry, refuse: (leadership: Leadership) => Refusal | null): void {
  const { leadership, log, proposals } = state
  if (!leadership) return refuseProposal(state, id, NOT_LEADER)
  const refusal = refuseSize(state, leadership, entry) ?? refuseTransferring(leadership) ?? refuse(leadership)
  if (refusal) return refuseProposal(state, id, refusal)
  append(log, entry)
  leadership.uncommitted += sizeOf(entry)
  proposals.set(entry.index, id)
  if (entry.kind === 'membership') syncPeers(state)
  replicate(state, leadership, false)
}

/** A leader that commits nothing keeps what it is given: only so much. */
function refuseSize({ settings }: RaftState, { uncommitted }: Leadership, entry: Entry): Refusal | null {
  const size = sizeOf(entry)
  if (size > settings.entrySize)
    return {
      code: 'too-large',
      message: `the change has ${size} characters, at most ${settings.entrySize} fit into one entry`,
      hint: 'make it in several steps',
    }
  if (uncommitted + size <= settings.uncommittedSize) return null
  return {
    code: 'too-much-uncommitted',
    message: `${uncommitted} characters of earlier changes are not committed yet`,
    hint: 'see whether a majority of the coordinators is reached, and try again',
  }
}

function refuseTransferring({ transfer }: Leadership): Refusal | null {
  if (!transfer) return null
  return {
    code: 'transferring',
    message: `leadership is being handed over to node ${transfer.to}`,
    hint: 'try again in a moment',
  }
}
