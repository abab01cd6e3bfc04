/**
 * Which voters the nodes count. Two nodes that count other voters can form two majorities, and so can one set after the
 * other: while the last word of any peer names other voters than this node's, however long ago that was, and for as long
 * after a change as a lease may live that was lent by the voters before, this node takes nothing over, and as a voter lends
 * nothing anew.
 *
 * What this does not cover takes epochs (packages/lease/PROTOCOL.md section 8): a peer that was cut off before it had the new set.
 */
import { after, type Instant, later, quarantineMs, type Trouble } from '@lvsm/base'
import { type LeaseView, voterDigest } from '@lvsm/lease'
import { heartbeatNow, type LeaseState, emitEvent, touchAll } from './state.ts'

/** Before the view changes: who counts other voters from now on says so at once. */
export function changeVoters(state: LeaseState, before: LeaseView | null, view: LeaseView): void {
  if (!before || voterDigest(before) === voterDigest(view)) return
  state.votersNewUntil = leasesEnd(state, before, view)
  heartbeatNow(state)
}

/** After any word that may change it. */
export function checkVoters(state: LeaseState, view: LeaseView): void {
  const own = voterDigest(view)
  const [name = null] = [...state.peers].find(([, { voters }]) => voters !== own) ?? []
  if (name === state.dissenter) return
  if (name === null) state.votersNewUntil = later(state.votersNewUntil, leasesEnd(state, view))
  else emitEvent(state, '', 'note', 0, dissentText(state, name))
  state.dissenter = name
  touchAll(state)
}

const leasesEnd = (state: LeaseState, ...views: readonly LeaseView[]): Instant =>
  after(state.now, quarantineMs(Math.max(...views.map(({ timing }) => timing.termMs))))

const dissentText = ({ node }: LeaseState, name: string): string =>
  `${name} counts other voters than ${node}: two majorities could be formed`

/** Why nothing is taken over on account of the voters; null when there is no reason. */
export function votersUnsettled(state: LeaseState): string | null {
  if (state.dissenter !== null) return dissentText(state, state.dissenter)
  return state.now < state.votersNewUntil ? 'the voters are new: leases that the others lent may live yet' : null
}

export const voterTroubles = (state: LeaseState): Trouble[] =>
  state.dissenter === null
    ? []
    : [
        {
          code: 'other-voters',
          severity: 'critical',
          message: `${dissentText(state, state.dissenter)}; ${state.node} takes nothing over until they agree`,
          hint: `give every node the same configuration; to exchange voters, stop all lease processes first; if ${state.dissenter} is gone for good, restart lvsm-lease on this node once nothing of it runs any more`,
        },
      ]
