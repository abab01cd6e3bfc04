/** What a database holds before its node has ever run. */
import { EMPTY, type NodeId } from './entry.ts'
import type { Stored } from './events.ts'

/** The id of the node that begins a cluster: that of its entry. */
export const FIRST: NodeId = 1

/** Of the node that begins a cluster: one voter, by the first entry of the log. */
export const foundedBy = (store: string, payload: string): Stored => ({
  hardState: { currentTerm: 1, votedFor: null },
  snapshot: EMPTY,
  entries: [
    {
      index: FIRST,
      term: 1,
      kind: 'membership',
      membership: { members: [{ id: FIRST, store, role: 'voter' }] },
      payload,
    },
  ],
  lastApplied: 0,
})

/** Of a node that was told its id: it knows nothing, and says so. */
export const JOINING: Stored = {
  hardState: { currentTerm: 0, votedFor: null },
  snapshot: EMPTY,
  entries: [],
  lastApplied: 0,
}
