/** What looks find again: one of them may come in the middle of a start, or of a burst. */
/** By name: what was found, and at how many looks in a row. */
export type Found<What> = ReadonlyMap<string, Seen<What>>
export type Seen<What> = What & { readonly looks: number }

/** From so many on it is told. */
const LOOKS = 2

export const isSure = ({ looks }: Seen<unknown>): boolean => looks >= LOOKS
export const sureOf = <What>(found: Found<What>): Seen<What>[] => [...found.values()].filter(isSure)
/** The next look is to come soon. */
export const isNews = (found: Found<unknown>): boolean => [...found.values()].some((one) => !isSure(one))

/** What is not found any more is forgotten. */
export const foundAgain = <What extends object>(
  before: Found<What>,
  now: readonly (readonly [name: string, what: What])[],
): Found<What> => new Map(now.map(([name, what]) => [name, { ...what, looks: (before.get(name)?.looks ?? 0) + 1 }]))
