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
import { openDatabase, TABLES } from './schema.ts'
import { failedOf } from './session.ts'
import { NOTHING } from './sums.ts'
import { Transactions } from './transaction.ts'

export interface Founded<State> {
  readonly stored: Stored
  /** As of `stored.lastApplied`. */
  readonly state: State
}

/** `begin`: what a database of this identity holds. Throws what the system says: then there is none. */
export function createStore<State>(
  path: string,
  machine: Pick<StateMachine<State, unknown>, 'partsOf'>,
  begin: (identity: string) => Founded<State>,
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
  fill(fresh, identity, stored, changesBetween(new Map(), machine.partsOf(state)))
  makeMark(path, identity, 1)
  linkSync(fresh, path)
  rmSync(fresh)
  sync(dirname(path))
  return null
}

function fill(path: string, identity: string, stored: Stored, changes: ReturnType<typeof changesBetween>): void {
  const { hardState, snapshot: install, entries: append, lastApplied } = stored
  const database = openDatabase(path)
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
  database.close()
  sync(path)
}

function sync(path: string): void {
  const fd = openSync(path, 'r')
  fsyncSync(fd)
  closeSync(fd)
}
