/** Revisions: every change that was committed, the newest document, and by them the documents before. */
import type { Refusal } from '@lvsm/base'
import { KEPT_REVISIONS } from '@lvsm/model'
import type { Difference, Revision } from '@lvsm/protocol'
import { unknownRevision } from '../command/apply.ts'
import type { Document } from '../document/document.ts'
import { applyDifferences, diffDocuments, diffTrees, inverse } from './difference.ts'

export type Signature = Pick<Revision, 'at' | 'author' | 'comment'>

export interface History {
  /** The newest. */
  readonly document: Document
  /** Oldest first, without gaps: the newest has the document's number. Never empty. */
  readonly revisions: readonly Revision[]
  /** How many are kept at most, where the document does not say. */
  readonly limit: number
}

export const DEFAULT_LIMIT = KEPT_REVISIONS

/** The history of a cluster that begins with this document. */
export const beginHistory = (
  document: Document,
  signature: Signature,
  model: number,
  limit = DEFAULT_LIMIT,
): History => ({
  document,
  revisions: [firstRevision(diffTrees({}, { ...document }), signature, model)],
  limit,
})

const firstRevision = (change: Difference[], { at, author, comment }: Signature, model: number): Revision => ({
  number: 1,
  at,
  author,
  comment,
  model,
  change,
  size: JSON.stringify(change).length,
})

export const newestOf = ({ revisions }: History): number => revisions.at(-1)?.number ?? 0

/** Characters of the changes of all revisions that are kept: documents that are replaced as a whole are as long as themselves. */
const LONGEST_HISTORY = 32 << 20

/** With one more revision; the oldest are forgotten where there are too many, or they are too long. */
export function addRevision(
  { revisions, limit }: History,
  document: Document,
  revision: Omit<Revision, 'number' | 'size'>,
  longest: number = LONGEST_HISTORY,
): History {
  const number = (revisions.at(-1)?.number ?? 0) + 1
  const size = JSON.stringify(revision.change).length
  const all = [...revisions, { number, ...revision, size }].slice(-Math.max(1, document['kept-revisions'] ?? limit))
  let left = all.reduce((sum, one) => sum + one.size, 0)
  const first = all.findIndex((one, at) => {
    if (left <= longest || at === all.length - 1) return true
    left -= one.size
    return false
  })
  return { document, revisions: all.slice(first), limit }
}

export const revisionAt = ({ revisions }: History, number: number): Revision | undefined =>
  revisions.find((one) => one.number === number)

/** The document as that revision left it; null when the revision is not kept. */
export function documentAt(history: History, number: number): Document | null {
  if (!revisionAt(history, number)) return null
  const since = history.revisions.filter((one) => one.number > number).flatMap(({ change }) => change)
  return since.length === 0 ? history.document : applyDifferences(history.document, inverse(since))
}

/** What is different between two revisions; null when one of them is not kept. */
export function differenceBetween(history: History, from: number, to: number): Difference[] | null {
  const [one, other] = [documentAt(history, from), documentAt(history, to)]
  return one && other ? diffDocuments(one, other) : null
}

/**
 * Why something that was made on `base` does not count on the newest, or null. What changed since is not worked out here: every
 * coordinator judges the entry, and only who asked wants to know (`differenceBetween`).
 */
export function refuseStale(history: History, base: number): Refusal | null {
  const newest = newestOf(history)
  if (base === newest) return null
  if (base > newest || !Number.isInteger(base) || base < 1) return unknownRevision(base)
  const later = history.revisions.filter(({ number }) => number > base)
  const authors = [...new Set(later.map(({ author }) => author))].slice(0, 5).join(', ')
  return {
    code: 'stale-revision',
    field: 'revision',
    message: `this was made on revision ${base}, and the newest is ${newest}; changed since by ${authors}`,
    hint: `look at what changed since (lvsm config diff ${base} ${newest}), and make the change on revision ${newest}`,
  }
}
