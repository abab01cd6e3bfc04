/** What is different between two documents, as data: enough to show it, to carry it out, and to take it back. */
import type { Difference } from '@lvsm/protocol'
import type { Document } from '../document/document.ts'
import { ordered, orderedTree } from '../document/order.ts'
import { isTree, sameData, type Tree } from '../document/tree.ts'

/** None: the documents are equal. */
export const diffDocuments = (from: Document, to: Document): Difference[] => diffTrees({ ...from }, { ...to })

/** From nothing, or to nothing: a first revision has a difference too. */
export function diffTrees(from: Tree, to: Tree, path: readonly string[] = []): Difference[] {
  const keys = Object.keys(ordered({ ...from, ...to }))
  const found: Difference[] = []
  for (const key of keys) {
    const [before, after, place] = [from[key], to[key], [...path, key]]
    if (isTree(before) && isTree(after)) found.push(...diffTrees(before, after, place))
    else if (before === undefined) found.push({ path: place, to: after })
    else if (after === undefined) found.push({ path: place, from: before })
    else if (!sameData(before, after)) found.push({ path: place, from: before, to: after })
  }
  return found
}

/**
 * The document with the differences carried out, in their order. Each mapping is copied once, however many differences it has: those
 * of a thousand revisions are taken back one after the other.
 */
export function applyDifferences(document: Document, differences: readonly Difference[]): Document {
  const tree: Tree = { ...document }
  const copies = new WeakSet<Tree>([tree])
  for (const { path, to } of differences) putAt(tree, path, to, copies)
  // Made of a document and of what once were parts of documents.
  return orderedTree(tree) as unknown as Document
}

/** What takes them back. */
export const inverse = (differences: readonly Difference[]): Difference[] =>
  differences
    .map(({ path, from, to }) => ({
      path,
      ...(to === undefined ? {} : { from: to }),
      ...(from === undefined ? {} : { to: from }),
    }))
    .toReversed()

function putAt(tree: Tree, path: readonly string[], value: unknown, copies: WeakSet<Tree>): void {
  const last = path.at(-1)
  if (last === undefined) return
  let at = tree
  for (const key of path.slice(0, -1)) {
    const inner = Object.hasOwn(at, key) ? at[key] : undefined
    const isCopy = isTree(inner) && copies.has(inner)
    const own: Tree = isCopy ? inner : isTree(inner) ? { ...inner } : {}
    if (!isCopy) {
      copies.add(own)
      setKey(at, key, own)
    }
    at = own
  }
  if (value === undefined) Reflect.deleteProperty(at, last)
  else setKey(at, last, value)
}
/** A key like any other, whatever it is called: assigned, `__proto__` would be none. */
const setKey = (tree: Tree, key: string, value: unknown): void =>
  void Object.defineProperty(tree, key, { value, enumerable: true, configurable: true, writable: true })
