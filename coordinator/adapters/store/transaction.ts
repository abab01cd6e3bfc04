/** One write of Raft as one transaction of SQLite. */
import { invariant } from '@lvsm/base'
import { type StoredEntry, type StoredMeta } from '@lvsm/protocol'
import type { Entry, Snapshot } from '@lvsm/raft'
import type { Changes, Write } from './job.ts'
import type { Sqlite } from './schema.ts'
import { NOTHING, sumOfEntry, sumOfMeta, sumOfPart, withRows } from './sums.ts'

type Meta = Omit<StoredMeta, 'sum'>

export const rowOf = (entry: Entry): Omit<StoredEntry, 'sum'> => ({
  index: entry.index,
  term: entry.term,
  kind: entry.kind,
  membership: entry.kind === 'membership' ? JSON.stringify(entry.membership) : null,
  payload: entry.kind === 'noop' ? null : entry.payload,
})

export class Transactions {
  readonly #carryOut: (write: Write) => Meta
  readonly #statements: ReturnType<typeof statementsOf>
  #meta: Meta

  constructor(database: Sqlite, meta: Meta) {
    this.#meta = meta
    this.#statements = statementsOf(database)
    this.#carryOut = database.transaction((write: Write) => this.#within(write)).immediate
  }

  /** How many there were. Throws SQLite's error: then nothing was changed. */
  run(write: Write): number {
    this.#meta = this.#carryOut(write)
    return this.#meta.written
  }

  #within(write: Write): Meta {
    const { hardState, install, truncateFrom, append, compact } = write
    let meta = this.#meta
    if (hardState) meta = { ...meta, term: hardState.currentTerm, voted_for: hardState.votedFor }
    if (install) meta = this.#installed(meta, install)
    if (truncateFrom !== null) meta = this.#without(meta, this.#statements.truncate.all(truncateFrom))
    for (const entry of append) meta = this.#appended(meta, entry)
    meta = this.#changed(meta, write.changes)
    if (compact) meta = this.#compacted(meta, compact, write.lastApplied)
    meta = { ...meta, last_applied: write.lastApplied, written: meta.written + 1 }
    this.#statements.meta.run({ ...meta, sum: sumOfMeta(meta) })
    return meta
  }

  #installed(meta: Meta, { index, term, membership }: Snapshot): Meta {
    this.#statements.forget.run()
    const snapshot = { snapshot_index: index, snapshot_term: term, membership: JSON.stringify(membership) }
    return { ...meta, ...snapshot, log_sum: NOTHING }
  }

  #without(meta: Meta, gone: readonly { sum: string }[]): Meta {
    return {
      ...meta,
      log_sum: withRows(
        meta.log_sum,
        gone.map(({ sum }) => sum),
      ),
    }
  }

  #appended(meta: Meta, entry: Entry): Meta {
    const last = this.#statements.last.get()?.last ?? meta.snapshot_index
    invariant(entry.index === last + 1, 'the log on disk has no gap')
    const row = rowOf(entry)
    const sum = sumOfEntry(row)
    this.#statements.append.run({ ...row, sum })
    return { ...meta, log_sum: withRows(meta.log_sum, [sum]) }
  }

  #changed(meta: Meta, { set, gone }: Changes): Meta {
    const sums: string[] = []
    for (const key of gone) sums.push(...this.#statements.drop.all(key).map(({ sum }) => sum))
    for (const [key, body] of set) {
      sums.push(...this.#statements.drop.all(key).map((row) => row.sum))
      const sum = sumOfPart({ key, body })
      this.#statements.set.run({ key, body, sum })
      sums.push(sum)
    }
    return { ...meta, state_sum: withRows(meta.state_sum, sums) }
  }

  #compacted(meta: Meta, { index, term, membership }: Snapshot, lastApplied: number): Meta {
    if (index <= meta.snapshot_index) return meta
    invariant(index <= lastApplied, 'only what is applied is compacted')
    const left = this.#without(meta, this.#statements.compact.all(index))
    return { ...left, snapshot_index: index, snapshot_term: term, membership: JSON.stringify(membership) }
  }
}

const META =
  'identity, term, voted_for, snapshot_index, snapshot_term, membership, last_applied, written, log_sum, state_sum, sum'

const statementsOf = (database: Sqlite) => ({
  meta: database.prepare<[StoredMeta]>(
    `INSERT OR REPLACE INTO meta (one, ${META}) VALUES (@one, ${META.replaceAll(/\w+/g, '@$&')})`,
  ),
  last: database.prepare<[], { last: number | null }>('SELECT max("index") AS last FROM log'),
  append: database.prepare<[StoredEntry]>('INSERT INTO log VALUES (@index, @term, @kind, @membership, @payload, @sum)'),
  truncate: database.prepare<[number], { sum: string }>('DELETE FROM log WHERE "index" >= ? RETURNING sum'),
  compact: database.prepare<[number], { sum: string }>('DELETE FROM log WHERE "index" <= ? RETURNING sum'),
  forget: database.prepare<[]>('DELETE FROM log'),
  drop: database.prepare<[string], { sum: string }>('DELETE FROM state WHERE key = ? RETURNING sum'),
  set: database.prepare<[{ key: string; body: string; sum: string }]>('INSERT INTO state VALUES (@key, @body, @sum)'),
})
