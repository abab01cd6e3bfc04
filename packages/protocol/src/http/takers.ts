/** In which order those that may take a group would. */
import { byRank, type Rank } from '../rank.ts'
import { isShut } from '../troubles/dropped.ts'
import type { GroupReport, TakerReport } from './status.ts'

/** Those of whom it is not known that they cannot; the first takes it. */
export const rankedTakers = (group: Pick<GroupReport, 'takers' | 'directors' | 'pings'>): TakerReport[] =>
  (group.takers ?? [])
    .filter(({ could }) => could !== false)
    .toSorted((one, other) => byRank(rankIn(group, one.node, false), rankIn(group, other.node, false)))

/** `best`: with the ping nodes, too, of which it is not known whether it reaches them. */
export function rankIn(
  { takers = [], directors, pings }: Pick<GroupReport, 'takers' | 'directors' | 'pings'>,
  name: string,
  best: boolean,
): Rank {
  const taker = takers.find(({ node }) => node === name)
  const reached = pings.map(({ directors: all }) => all.find(({ node }) => node === name)?.reached ?? null)
  return {
    reaches: reached.filter((one) => one === true || (best && one === null)).length,
    blind: taker?.blind ?? (isShut(taker?.refused ?? '') ? 1 : 0),
    place: directors.indexOf(name),
  }
}
