import type { Path } from '../document.ts'
import type { Draft } from '../schema.ts'

/** Reports a fault; with `key`, of that key below `path`. */
export type Refuse = (code: string, path: Path, message: string, hint: string | (() => string)) => void
/** One law of the model. It looks at what is there and says nothing about what is missing: the shape check did. */
export type Rule = (draft: Draft, refuse: Refuse) => void

/** It stands in the file and could not be read, which has been said already: nothing that depends on it is known. */
export const isUnread = <T extends object>(part: T | undefined, key: keyof T): boolean =>
  part !== undefined && Object.hasOwn(part, key) && part[key] === undefined

type Present<T> = { readonly at: number; readonly item: NonNullable<T> }

/** The entries of a list that have the right shape, with their index. */
export function entries<T>(list: readonly (T | undefined | null)[] | undefined): Present<T>[] {
  return (list ?? []).flatMap((item, at) =>
    item === undefined || item === null ? [] : [{ at, item: item as NonNullable<T> }],
  )
}

/** Refuses every later entry whose word was there before. */
export function refuseTwice(
  seen: Map<string, string>,
  word: string | undefined,
  where: string,
  path: Path,
  refuse: Refuse,
  code: string,
  hint: string,
): void {
  if (word === undefined) return
  const first = seen.get(word)
  if (first === undefined) seen.set(word, where)
  else refuse(code, path, `"${word}" is already ${first}`, hint)
}
