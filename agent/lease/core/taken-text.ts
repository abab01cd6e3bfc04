/** Why a group was taken, for operators: by what this node knows of whoever held it before. */
import { between, spanText } from '@lvsm/base'
import type { GroupState } from './group-state.ts'
import { claimOf } from './peers.ts'
import type { LeaseState } from './state.ts'

/** Of the lease that it holds now. */
export function takenText(state: LeaseState, instance: GroupState, isPlanned: boolean): string {
  const { toldNumber, holder } = instance
  const { node } = state
  if (toldNumber === holder.number) return `${node} opened it again under lease ${toldNumber}, which it had kept`
  if (isPlanned) return `its owner handed it over to ${node}`
  const own = toldNumber > 0 ? `; ${node} itself had it before, by lease ${toldNumber}` : ''
  return lapsedText(state, instance) ?? `nobody was known to hold it${own}`
}

/** Whoever claimed it last, and let its lease run out; null: nobody, or it gave it up in order. */
function lapsedText(state: LeaseState, { group, holder, toldNumber }: GroupState): string | null {
  let found: { readonly node: string; readonly number: number } | null = null
  for (const node of group.directors) {
    const claim = node === state.node ? undefined : claimOf(state, node, group.name)
    if (!claim?.holds || claim.at + claim.leftMs > state.now) continue
    const isBetween = claim.number > toldNumber && claim.number < holder.number
    if (isBetween && claim.number > (found?.number ?? 0)) found = { node, number: claim.number }
  }
  if (!found) return null
  const heardAt = state.peerTable.heardAt(found.node)
  const agoMs = heardAt === null ? null : between(heardAt, state.now)
  const ago = agoMs !== null && agoMs < 1000 ? `${Math.round(agoMs)} ms` : spanText(agoMs ?? 0)
  const heard = agoMs === null ? '' : ` (${found.node} was heard last ${ago} ago)`
  return `lease ${found.number} of ${found.node} ran out${heard}`
}
