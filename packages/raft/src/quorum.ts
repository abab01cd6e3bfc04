/** The commit index of a leader (paper, 5.3 and 5.4.2). */

/** The highest index that `needed` of these have reached; 0 when they are too few. */
export function reachedBy(matchIndexes: readonly number[], needed: number): number {
  return matchIndexes.toSorted((a, b) => b - a)[needed - 1] ?? 0
}
