/** A database that is open: writes one after the other, and what becomes of faults. */
import { closeSync, constants, openSync } from 'node:fs'
import type { Fault } from '@lvsm/raft'
import { copyDatabase, removeCopy } from './copy.ts'
import type { Answer, Copy, Write } from './job.ts'
import type { Mark } from './mark.ts'
import { codeOf, type Sqlite, WAL_PAGES } from './schema.ts'
import { Transactions } from './transaction.ts'
import type { StoredMeta } from '@lvsm/protocol'

export interface Open {
  readonly database: Sqlite
  readonly mark: Mark
  readonly meta: StoredMeta
}

/** Pages of the write-ahead log, and how many of them are in the database already. */
interface Backlog {
  readonly log: number
  readonly checkpointed: number
}

/** Beside a database whose disk failed: it is not used again. */
export const failedOf = (path: string): string => `${path}.failed`

/** Null: no fault of a disk, but one of ours. */
export function faultOf(error: unknown): Fault | null {
  const code = codeOf(error) || String((error as NodeJS.ErrnoException).code ?? '')
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') return 'full'
  return /^SQLITE_(IOERR|CORRUPT|NOTADB|CANTOPEN|READONLY|PERM|AUTH|BUSY|LOCKED|PROTOCOL|NOLFS)|^E[A-Z]+$/.test(code)
    ? 'io'
    : null
}

export class Session {
  readonly #path: string
  readonly #database: Sqlite
  readonly #mark: Mark
  readonly #transactions: Transactions
  #faults = 0
  /** Why nothing is written any more. */
  #failed: string | null = null

  constructor(path: string, { database, mark, meta }: Open) {
    this.#path = path
    this.#database = database
    this.#mark = mark
    const { sum: _, ...rest } = meta
    this.#transactions = new Transactions(database, rest)
  }

  /** Null: done; else why not, and nothing is left of it. */
  async copy({ to }: Copy): Promise<string | null> {
    if (this.#failed !== null) return this.#failed
    try {
      await copyDatabase(this.#database, to)
      return null
    } catch (error) {
      removeCopy(to)
      return String(error)
    }
  }

  /** Null: it was sent before its sender heard of a fault, and is void. Throws what is a bug. */
  write(job: Write): Answer | null {
    const { write } = job
    if (job.faults < this.#faults) return null
    if (this.#failed !== null) {
      this.#faults += 1
      return { kind: 'answer', write, fault: 'io', reason: this.#failed }
    }
    try {
      const written = this.#transactions.run(job)
      this.#acknowledge(written)
      return { kind: 'answer', write, fault: null, reason: '' }
    } catch (error) {
      const fault = this.#noted(error)
      return { kind: 'answer', write, fault, reason: String(error) }
    }
  }

  /** The mark is no promise of durability: a disk without room for it loses nothing. */
  #acknowledge(written: number): void {
    try {
      this.#mark.set(written)
    } catch (error) {
      if (faultOf(error) !== 'full') throw error
    }
  }

  #noted(error: unknown): Fault {
    const fault = faultOf(error)
    if (fault === null) throw error
    this.#faults += 1
    if (fault === 'io') this.#fail(error)
    return fault
  }

  #fail(error: unknown): void {
    this.#failed = String(error)
    try {
      closeSync(openSync(failedOf(this.#path), constants.O_WRONLY | constants.O_CREAT, 0o600))
    } catch {
      // The disk fails: it may well refuse this too, and the process ends all the same.
    }
  }

  /** The write-ahead log into the database, where it is long: an idle store writes nothing. Throws what is a bug. */
  putBack(): void {
    if (this.#failed !== null) return
    try {
      const [row] = this.#database.prepare<[], Backlog>('PRAGMA wal_checkpoint(NOOP)').all()
      if (row && row.log - row.checkpointed >= WAL_PAGES) this.#database.pragma('wal_checkpoint(PASSIVE)')
    } catch (error) {
      const fault = faultOf(error)
      if (fault === null) throw error
      // Without room it is tried again after the next write; nothing is lost meanwhile.
      if (fault === 'io') this.#fail(error)
    }
  }

  close(): void {
    if (this.#failed === null) this.#database.close()
    this.#mark.close()
  }
}
