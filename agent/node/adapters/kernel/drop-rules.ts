/** Rules of others' packet filters that drop or refuse. */
import type { DropRule } from '@lvsm/base'
import { type Netlink, readStandingDropRules } from '@lvsm/kernel'

const EVERY_MS = 5000
/**
 * Rules are read within the loop, which waits for it: some milliseconds for a few hundred, up to seconds for 20,000 on a slow machine. Of
 * 200 times what it took last no more than one is spent on it.
 */
const REST = 200
const LONGEST_MS = 3_600_000

export function pacedDropRules(
  read: () => readonly DropRule[],
  clock: () => number,
): () => readonly DropRule[] | undefined {
  let known: readonly DropRule[] | undefined
  let dueAt = Number.NEGATIVE_INFINITY
  return () => {
    const at = clock()
    if (at < dueAt) return known
    try {
      const found = read()
      // The same is the same object: whoever judges it does so once.
      if (JSON.stringify(found) !== JSON.stringify(known)) known = found
    } catch {
      // A kernel without nf_tables has none; and of one that changes under each attempt nobody knows.
      known = undefined
    }
    dueAt = at + Math.min(LONGEST_MS, Math.max(EVERY_MS, (clock() - at) * REST))
    return known
  }
}
export const openDropRules = (netfilter: Netlink, clock: () => number): (() => readonly DropRule[] | undefined) =>
  pacedDropRules(() => readStandingDropRules(netfilter), clock)
