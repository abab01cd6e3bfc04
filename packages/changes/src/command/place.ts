/** Finds what a command is about in the file's plain data, and puts something else in its place: a copy along the way. */
import type { Refusal } from '@lvsm/base'
import { harmless, suggest } from '@lvsm/model'
import { SECTIONS } from '../document/sections.ts'
import { means } from '../document/server-ref.ts'
import { isTree, type Tree, withKey } from '../document/tree.ts'
import type { Step } from './nouns.ts'

const listAt = (tree: Tree, section: string): readonly unknown[] => {
  const list = tree[section]
  return Array.isArray(list) ? list : []
}
/** Entries that the word means: of a realserver that the list has twice it may be both. */
function indexesOf(list: readonly unknown[], { section, name }: { readonly section: string; readonly name: string }) {
  const own = SECTIONS[section]
  const exact = list.findIndex((one) => own?.nameOf(one, list) === name)
  if (exact >= 0) return [exact]
  return section === 'realservers' ? list.flatMap((one, at) => (isTree(one) && means(name, one) ? [at] : [])) : []
}
/** VIPs may stand there as text alone. */
const entryOf = (entry: unknown): Tree => (isTree(entry) ? entry : { address: entry })

export type Found =
  | { readonly entry: Tree | undefined; readonly siblings: readonly string[]; readonly refusal?: never }
  | { readonly refusal: Refusal }

/** The entry; undefined when all that it would stand in is there. `siblings`: what is there beside it. */
export function find(file: Tree, steps: readonly Step[]): Found {
  let tree: Tree = file
  for (const [at, step] of steps.entries()) {
    const last = at === steps.length - 1
    if ('key' in step) {
      const value = tree[step.key]
      if (last) return { entry: isTree(value) ? value : undefined, siblings: [] }
      tree = entryOf(value)
      continue
    }
    const list = listAt(tree, step.section)
    const indexes = indexesOf(list, step)
    const names = list.map((one) => SECTIONS[step.section]?.nameOf(one, list) ?? '')
    if (indexes.length > 1)
      return {
        refusal: ambiguous(
          step,
          indexes.map((index) => names[index] ?? ''),
        ),
      }
    const entry = indexes[0] === undefined ? undefined : entryOf(list[indexes[0]])
    if (last) return { entry, siblings: names }
    if (!entry) return { refusal: unknown(step, names) }
    tree = entry
  }
  return { entry: tree, siblings: [] }
}

export function unknown({ section, name }: { section: string; name: string }, names: readonly string[]): Refusal {
  const title = SECTIONS[section]?.title ?? section
  return {
    code: `unknown-${title.toLowerCase()}`,
    field: section,
    message: `there is no ${title} "${harmless(name)}" here`,
    hint: suggest(name, names, `${title}s`),
  }
}

const ambiguous = ({ section, name }: { section: string; name: string }, names: readonly string[]): Refusal => ({
  code: 'ambiguous-server',
  field: section,
  message: `"${harmless(name)}" is there ${names.length} times`,
  hint: `say which: ${names.join(' or ')}`,
})

/** `value` in the place of the entry, or behind the last one; undefined takes it out. */
export function put(file: Tree, steps: readonly Step[], value: Tree | undefined): Tree {
  const [step, ...rest] = steps
  if (!step) return value ?? {}
  if ('key' in step) {
    const inner = rest.length === 0 ? value : put(entryOf(file[step.key]), rest, value)
    return withKey(file, step.key, inner)
  }
  const list = listAt(file, step.section)
  const [index] = indexesOf(list, step)
  const next = rest.length === 0 ? value : put(entryOf(index === undefined ? undefined : list[index]), rest, value)
  if (next === undefined) return withKey(file, step.section, index === undefined ? list : list.toSpliced(index, 1))
  return withKey(file, step.section, index === undefined ? [...list, next] : list.with(index, next))
}
