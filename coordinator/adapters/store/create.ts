/** A database that begins: it is there as a whole, or not at all. */
import { randomUUID } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, linkSync, openSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Refusal } from '@lvsm/base'
import { NOBODY, type Stored } from '@lvsm/raft'
import { FRESH } from '../../../agent/process/files.ts'
import { doubtOwnDirectory } from '../../../agent/process/trust.ts'
import type { StateMachine } from '../../ports.ts'
import { makeMark } from './mark.ts'
import { changesBetween } from './parts.ts'
import { codeOf, openDatabase, type Sqlite, TABLES } from './schema.ts'
import { failedOf, faultOf } from './session.ts'
import { NOTHING } from './sums.ts'
import { Transactions } from './transaction.ts'

export interface Founded<State> {
  readonly stored: Stored
  /** As of `stored.lastApplied`. */
  readonly state: State
}

/**
 * `begin`: what a database of this identity holds. Throws what the system says: then there is none. `pages`: as many as it may
 * have; null: as the disk has room for.
 */
export function createStore<State>(
  path: string,
  machine: Pick<StateMachine<State, unknown>, 'partsOf'>,
  begin: (identity: string) => Founded<State>,
  pages: number | null = null,
): Refusal | null {
  const [doubt] = doubtOwnDirectory(dirname(path))
  if (doubt) return { code: 'store-exposed', ...doubt }
  if (existsSync(path)) {
    const hint = 'start the coordinator with it; to begin anew, move it away first'
    return { code: 'store-exists', message: `${path} is there already; nothing was changed`, hint }
  }
  const identity = randomUUID()
  const { stored, state } = begin(identity)
  const fresh = `${path}.new`
  // A write-ahead log that was left behind would be taken for that of the new file.
  for (const old of [fresh, `${fresh}-wal`, `${fresh}-journal`, `${path}-wal`, `${path}-journal`, failedOf(path)])
    rmSync(old, { force: true })
  closeSync(openSync(fresh, FRESH, 0o600))
  const unwritten = fill(fresh, identity, stored, changesBetween(new Map(), machine.partsOf(state)), pages)
  if (unwritten) return unwritten
  makeMark(path, identity, 1)
  linkSync(fresh, path)
  rmSync(fresh)
  sync(dirname(path))
  return null
}

type Changes = ReturnType<typeof changesBetween>

/** What SQLite says of a disk has no number of the system, and is no fault of this program. */
function fill(path: string, identity: string, stored: Stored, changes: Changes, pages: number | null): Refusal | null {
  const database = openDatabase(path)
  try {
    if (pages !== null) database.pragma(`max_page_count = ${pages}`)
    begun(database, identity, stored, changes)
  } catch (error) {
    if (codeOf(error) === '' || faultOf(error) === null) throw error
    database.close()
    for (const left of [path, `${path}-wal`, `${path}-shm`]) rmSync(left, { force: true })
    const message = `${path} cannot be written: ${(error as Error).message} (${codeOf(error)})`
    return {
      code: 'store-unwritable',
      message,
      hint: 'see that the disk has room and is sound (df, dmesg), and try again',
    }
  }
  database.close()
  sync(path)
  return null
}

function begun(database: Sqlite, identity: string, stored: Stored, changes: Changes): void {
  const { hardState, snapshot: install, entries: append, lastApplied } = stored
  database.pragma('journal_mode = WAL')
  database.transaction(() => database.exec(TABLES)).immediate()
  const meta = {
    identity,
    term: 0,
    voted_for: null,
    snapshot_index: 0,
    snapshot_term: 0,
    membership: JSON.stringify(NOBODY),
  }
  const rest = { last_applied: 0, written: 0, log_sum: NOTHING, state_sum: NOTHING }
  const write = {
    write: 0,
    faults: 0,
    hardState,
    install,
    truncateFrom: null,
    append,
    compact: null,
    lastApplied,
    changes,
  }
  new Transactions(database, { one: 1, ...meta, ...rest }).run(write)
}

function sync(path: string): void {
  const fd = openSync(path, 'r')
  fsyncSync(fd)
  closeSync(fd)
}
