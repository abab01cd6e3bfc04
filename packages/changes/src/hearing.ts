/** What comes of it who hears whom, for votes: whom a majority could vote for, and who may have one still. */
import { majorityOf } from '@lvsm/protocol'

/** Hears `by` the other one? Null: it did not say. */
export type Hears = (by: string, name: string) => boolean | null

/**
 * Voters that and `node` hear each other, itself included, and `without` left out: those that could vote for it. Undefined: it did not
 * say whom it hears. A voter that did not say is heard, and so it speaks to `node`: whether it hears it is not known, and taken for granted.
 */
export function votersFor(
  node: string,
  without: string | null,
  voters: readonly string[],
  hears: Hears,
): number | undefined {
  let count = 0
  for (const voter of voters) {
    if (voter === without) continue
    const isHeard = voter === node ? true : hears(node, voter)
    if (isHeard === null) return undefined
    if (isHeard && (voter === node || hears(voter, node) !== false)) count += 1
  }
  return count
}

/** May it hold a lease still? Not where too many voters say that they do not hear it: they lend it their votes no more. */
export function mayHold(node: string, voters: readonly string[], hears: Hears): boolean {
  const deaf = voters.filter((voter) => voter !== node && hears(voter, node) === false).length
  return voters.length - deaf >= majorityOf(voters.length)
}
