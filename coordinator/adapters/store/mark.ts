/**
 * How many transactions were acknowledged, in a file beside the database: written after each commit and before its answer, in
 * place, without waiting for the disk. SQLite takes a damaged end of its write-ahead log for a transaction that a crash cut off,
 * and drops it without a word; a database with fewer transactions than the mark says has lost what it promised. After a loss of
 * power the mark may be older than the database, which says nothing wrong.
 */
import { closeSync, constants, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { createHash } from 'node:crypto'

export const markOf = (path: string): string => `${path}.acknowledged`

const DIGITS = 16
const lineOf = (identity: string, written: number): string => {
  const number = String(written).padStart(DIGITS, '0')
  return `${number} ${createHash('sha256').update(`${identity} ${number}`).digest('hex').slice(0, DIGITS)}\n`
}

export class Mark {
  readonly #fd: number
  readonly #identity: string

  /** Throws what the system says. */
  constructor(path: string, identity: string) {
    this.#fd = openSync(markOf(path), constants.O_RDWR | constants.O_NOFOLLOW)
    this.#identity = identity
  }

  /** Null: these are not bytes that `set` wrote for this database. */
  get(): number | null {
    const bytes = Buffer.alloc(2 * DIGITS + 3)
    const text = bytes.toString('latin1', 0, readSync(this.#fd, bytes, 0, bytes.length, 0))
    const written = /^\d{16}/.test(text) ? Number(text.slice(0, DIGITS)) : -1
    return written >= 0 && text === lineOf(this.#identity, written) ? written : null
  }

  /** Inside of one sector: all of it, or nothing. */
  set(written: number): void {
    writeSync(this.#fd, lineOf(this.#identity, written), 0, 'latin1')
  }

  close(): void {
    closeSync(this.#fd)
  }
}

/** With the database. Throws where it is there. */
export function makeMark(path: string, identity: string, written: number): void {
  const fd = openSync(
    markOf(path),
    constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW,
    0o600,
  )
  writeSync(fd, lineOf(identity, written))
  fsyncSync(fd)
  closeSync(fd)
}
