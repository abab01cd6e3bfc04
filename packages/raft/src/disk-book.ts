/**
 * What the disk has, what it was given and has not confirmed, and what is still to be given to it.
 *
 * Laws: writes are confirmed in their order; a confirmation is of one write and says nothing of what came after it; an entry
 * counts as durable only while the log has the same one.
 */
import { type Instant, invariant } from '@lvsm/base'
import type { Snapshot } from './entry.ts'
import { lastIndex, type RaftLog } from './log.ts'
import type { Message } from './messages.ts'
import type { Rules } from './rules.ts'

/** A write under way. */
interface Writing {
  readonly write: number
  /** The log's entries up to here are durable with it, as far as the log still has them. */
  writtenTo: number
  readonly appliedTo: number
  readonly installs: Snapshot | null
  /** Term and vote are in it. */
  readonly hardState: boolean
  readonly at: Instant
}

export interface DiskBook {
  /** Number of the last write. */
  issued: number
  confirmed: number
  readonly writing: Writing[]
  /** The disk has the log up to here. */
  durableIndex: number
  /** The disk has it, or was given it. */
  issuedIndex: number
  issuedApplied: number
  /** The last writes that held term and vote, and entries. */
  termWrite: number
  logWrite: number
  /** Still to be given to it. */
  unsaved: { hardState: boolean; install: Snapshot | null; truncateFrom: number | null; compact: boolean }
  /** It was full, and no write has succeeded since. */
  full: { retryAt: Instant; trying: boolean } | null
  /** Messages that wait for a write. */
  held: { readonly write: number; readonly message: Message }[]
}

export const newDiskBook = (log: RaftLog, lastApplied: number): DiskBook => ({
  issued: 0,
  confirmed: 0,
  writing: [],
  durableIndex: lastIndex(log),
  issuedIndex: lastIndex(log),
  issuedApplied: lastApplied,
  termWrite: 0,
  logWrite: 0,
  unsaved: { hardState: false, install: null, truncateFrom: null, compact: false },
  full: null,
  held: [],
})

/** The log gave up its entries from `index` on. */
export function noteTruncated(book: DiskBook, index: number, rules: Rules): void {
  for (const writing of book.writing) writing.writtenTo = rules.durableAfter(writing.writtenTo, index)
  book.durableIndex = Math.min(book.durableIndex, index - 1)
  if (index > book.issuedIndex) return
  book.issuedIndex = index - 1
  book.unsaved.truncateFrom = Math.min(book.unsaved.truncateFrom ?? index, index)
}

/** A snapshot took the place of the log. */
export function noteInstalled(book: DiskBook, snapshot: Snapshot): void {
  for (const writing of book.writing) writing.writtenTo = 0
  book.durableIndex = 0
  book.issuedIndex = snapshot.index
  book.issuedApplied = snapshot.index
  book.unsaved = { ...book.unsaved, install: snapshot, truncateFrom: null, compact: false }
}

/** All writes up to this one are done; null: that says nothing new. */
export function confirm(book: DiskBook, write: number): { appliedTo: number } | null {
  if (write <= book.confirmed || write > book.issued || book.writing.length === 0) return null
  const done = book.writing.filter((writing) => writing.write <= write)
  if (done.length === 0) return null
  book.writing.splice(0, done.length)
  book.confirmed = write
  book.durableIndex = Math.max(book.durableIndex, ...done.map(({ writtenTo }) => writtenTo))
  book.full = null
  return { appliedTo: Math.max(...done.map(({ appliedTo }) => appliedTo)) }
}

/** This write, and all after it, left nothing: what they held is to be given again. False: it is not under way. */
export function rollBack(book: DiskBook, write: number, lastApplied: number): boolean {
  const [first] = book.writing
  if (!first || write < first.write || write > book.issued) return false
  invariant(first.write === write, 'writes are answered in their order')
  const failed = book.writing.splice(0)
  book.held = []
  const install = book.unsaved.install ?? failed.findLast(({ installs }) => installs !== null)?.installs ?? null
  book.issuedIndex = install?.index ?? book.durableIndex
  book.issuedApplied = Math.max(lastApplied, install?.index ?? 0)
  const truncateFrom = install ? null : book.durableIndex + 1
  const hardState = book.unsaved.hardState || failed.some((writing) => writing.hardState)
  book.unsaved = { hardState, install, truncateFrom, compact: install === null }
  return true
}

/** For how long the oldest write has been under way, milliseconds. */
export const waitedMs = (book: DiskBook, now: Instant): number => now - (book.writing[0]?.at ?? now)
