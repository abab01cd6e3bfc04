/** What is different between two documents, as data: enough to show it, to carry it out, and to take it back. */
import type { Difference } from '@lvsm/protocol'
import type { Document } from '../document/document.ts'
import { ordered, orderedTree } from '../document/order.ts'
import { isTree, sameData, type Tree, withKey } from '../document/tree.ts'

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

/** The document with the differences carried out, in their order. */
export function applyDifferences(document: Document, differences: readonly Difference[]): Document {
  let tree: Tree = { ...document }
  for (const { path, to } of differences) tree = putAt(tree, path, to)
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

function putAt(tree: Tree, [key, ...rest]: readonly string[], value: unknown): Tree {
  if (key === undefined) return tree
  const inner = tree[key]
  return withKey(tree, key, rest.length === 0 ? value : putAt(isTree(inner) ? inner : {}, rest, value))
}
