/** What a document has of a noun, found by the steps by which commands find it. */
import type { Noun } from '@lvsm/protocol'
import { SECTIONS } from '../document/sections.ts'
import { isTree, type Tree } from '../document/tree.ts'
import type { Which } from './command.ts'
import { NOUNS } from './nouns.ts'

export interface NounEntry {
  readonly which: Which
  /** Keys as the file has them. */
  readonly entry: Tree
}

/** All of them that `which` does not exclude, in the order of the file. `file`: the plain data of a document. */
export function entriesOf(file: unknown, noun: Noun, which: Which = {}): NounEntry[] {
  return waysOf(noun, which).flatMap((words) => walk(isTree(file) ? file : {}, noun, words, which, 0, {}))
}

/** Where a noun stands in one of two lists, both, unless it is said which. */
function waysOf(noun: Noun, which: Which): (readonly string[])[] {
  return NOUNS[noun].which.reduce<(readonly string[])[]>(
    (ways, word) => {
      const all = word.split(' or ')
      const said = all.filter((one) => which[one] !== undefined)
      return ways.flatMap((way) => (said.length > 0 ? said : all).map((one) => [...way, one]))
    },
    [[]],
  )
}

function walk(tree: Tree, noun: Noun, words: readonly string[], wanted: Which, at: number, found: Which): NounEntry[] {
  const steps = NOUNS[noun].steps(Object.fromEntries(words.map((word) => [word, ''])))
  const step = steps[at]
  if (step === undefined) return [{ which: found, entry: tree }]
  if ('key' in step) {
    const inner = tree[step.key]
    return isTree(inner) ? walk(inner, noun, words, wanted, at + 1, found) : []
  }
  const word = words[at] ?? ''
  const inside = tree[step.section]
  const list: readonly unknown[] = Array.isArray(inside) ? inside : []
  return list.flatMap((one) => {
    const name = SECTIONS[step.section]?.nameOf(one, list) ?? ''
    if (!isWanted(wanted[word], name)) return []
    return walk(isTree(one) ? one : { address: one }, noun, words, wanted, at + 1, { ...found, [word]: name })
  })
}

/** A realserver that a list has twice is meant by its node alone, too; an address by itself with its prefix length. */
const isWanted = (wanted: string | undefined, name: string): boolean =>
  wanted === undefined || wanted === name || name.startsWith(`${wanted}@`) || wanted.split('/')[0] === name
