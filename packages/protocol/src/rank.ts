/** Who of several ready directors takes a group that nobody owns: one order for those who do it, and for whoever says who would. */
export interface Rank {
  /** So many of the group's ping nodes it reaches. */
  readonly reaches: number
  /** Of so many of its services it can ask no realserver, or lets no client through. */
  readonly blind: number
  /** Its place in the group's order. */
  readonly place: number
}
/** Negative: the first comes before the second. More ping nodes reached; of as many, fewer services that cannot be checked; then the order. */
export const byRank = (one: Rank, other: Rank): number =>
  other.reaches - one.reaches || one.blind - other.blind || one.place - other.place
