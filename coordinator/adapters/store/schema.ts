/** The tables of version 1, and how a database is opened. */
import Database from 'better-sqlite3'

/** `lvsm`, in ASCII (file(1) shows it). */
export const APPLICATION = 0x6c76736d
export const VERSION = 1

export const TABLES = `
  CREATE TABLE meta (
    one INTEGER PRIMARY KEY CHECK (one = 1), identity TEXT NOT NULL,
    term INTEGER NOT NULL, voted_for INTEGER,
    snapshot_index INTEGER NOT NULL, snapshot_term INTEGER NOT NULL, membership TEXT NOT NULL,
    last_applied INTEGER NOT NULL, written INTEGER NOT NULL,
    log_sum TEXT NOT NULL, state_sum TEXT NOT NULL, sum TEXT NOT NULL
  ) STRICT;
  CREATE TABLE log (
    "index" INTEGER PRIMARY KEY, term INTEGER NOT NULL, kind TEXT NOT NULL, membership TEXT, payload TEXT, sum TEXT NOT NULL
  ) STRICT;
  CREATE TABLE state (key TEXT PRIMARY KEY, body TEXT NOT NULL, sum TEXT NOT NULL) STRICT, WITHOUT ROWID;
  PRAGMA application_id = ${APPLICATION};
  PRAGMA user_version = ${VERSION};
`

/** Pages of the write-ahead log from which on it goes into the database. */
export const WAL_PAGES = 1000
const LARGEST_WAL = 16 << 20

export type Sqlite = Database.Database

/**
 * Alone (`locking_mode`): a second process is told at once, and there is no shared memory beside the file. A commit has reached
 * the disk when it returns (`synchronous`). The write-ahead log is put back by the caller: SQLite itself would say nothing of
 * an I/O error there.
 */
export function openDatabase(path: string): Sqlite {
  const database = new Database(path, { fileMustExist: true, timeout: 0 })
  try {
    database.pragma('locking_mode = EXCLUSIVE')
    // The first look takes the lock, or fails; nothing is written before it is known whose file this is.
    database.pragma('application_id', { simple: true })
    database.pragma('synchronous = FULL')
    database.pragma('wal_autocheckpoint = 0')
    database.pragma(`journal_size_limit = ${LARGEST_WAL}`)
    database.pragma('trusted_schema = OFF')
    database.pragma('cell_size_check = ON')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Of SQLite, `SQLITE_IOERR_FSYNC` for example; empty: of somebody else. */
export const codeOf = (error: unknown): string => (error instanceof Database.SqliteError ? error.code : '')
