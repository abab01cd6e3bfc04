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
import { beatNow, type Station, tell, touchAll } from './station.ts'

/** Before the view changes: who counts other voters from now on says so at once. */
export function changeVoters(station: Station, before: LeaseView | null, view: LeaseView): void {
  if (!before || voterDigest(before) === voterDigest(view)) return
  station.votersNewUntil = leasesEnd(station, before, view)
  beatNow(station)
}

/** After any word that may change it. */
export function judgeVoters(station: Station, view: LeaseView): void {
  const own = voterDigest(view)
  const [name = null] = [...station.peers].find(([, { voters }]) => voters !== own) ?? []
  if (name === station.dissenter) return
  if (name === null) station.votersNewUntil = later(station.votersNewUntil, leasesEnd(station, view))
  else tell(station, '', 'note', 0, dissent(station, name))
  station.dissenter = name
  touchAll(station)
}

const leasesEnd = (station: Station, ...views: readonly LeaseView[]): Instant =>
  after(station.now, quarantineMs(Math.max(...views.map(({ timing }) => timing.termMs))))

const dissent = ({ node }: Station, name: string): string =>
  `${name} counts other voters than ${node}: two majorities could be formed`

/** Why nothing is taken over on account of the voters; null when there is no reason. */
export function votersUnsettled(station: Station): string | null {
  if (station.dissenter !== null) return dissent(station, station.dissenter)
  return station.now < station.votersNewUntil ? 'the voters are new: leases that the others lent may live yet' : null
}

export const voterTroubles = (station: Station): Trouble[] =>
  station.dissenter === null
    ? []
    : [
        {
          code: 'other-voters',
          severity: 'critical',
          message: `${dissent(station, station.dissenter)}; ${station.node} takes nothing over until they agree`,
          hint: `give every node the same configuration; to exchange voters, stop all lease processes first; if ${station.dissenter} is gone for good, restart lvsm-lease on this node once nothing of it runs any more`,
        },
      ]
