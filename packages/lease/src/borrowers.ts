/**
 * Who may borrow each address list: its directors. Of an earlier one only those that direct whatever has its addresses now, or a group
 * at all: who was taken off every list since is no director, whichever list it names.
 */
import type { LeaseGroup } from '@lvsm/protocol'
import type { Rules } from './rules.ts'

/** By the keys of `lists`; `groups`: those of now. */
export function borrowersOf(
  lists: ReadonlyMap<string, LeaseGroup>,
  groups: readonly LeaseGroup[],
  rules: Rules,
): ReadonlyMap<string, ReadonlySet<string>> {
  const present = new Map(groups.flatMap((group) => rules.locks(group).map((key) => [key, group] as const)))
  return new Map(
    [...lists].map(([key, list]) => {
      const heirs = rules.locks(list).flatMap((lock) => present.get(lock) ?? [])
      const may = (name: string): boolean =>
        heirs.length > 0
          ? heirs.every(({ directors }) => directors.includes(name))
          : groups.some(({ directors }) => directors.includes(name))
      return [key, new Set(list.directors.filter(may))]
    }),
  )
}
