/** Plain data as one text, whatever order its mappings were written in: what a checksum is made of. */
import { isTree } from './tree.ts'

/** Mappings have their keys in the order of their UTF-16 units, lists their own order; what is undefined is not there. */
export const canonicalText = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    isTree(part) ? Object.fromEntries(Object.entries(part).toSorted(([one], [other]) => (one < other ? -1 : 1))) : part,
  )
