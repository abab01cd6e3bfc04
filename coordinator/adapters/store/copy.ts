/** A copy of a database that is in use: consistent, whole in one file, and looked at before anybody is told that it is there. */
import { closeSync, fsyncSync, openSync, rmSync } from 'node:fs'
import Database from 'better-sqlite3'
import { FRESH } from '../../../agent/process/files.ts'
import { Damage, examine } from './examine.ts'
import type { Finishing } from './job.ts'
import type { Sqlite } from './schema.ts'

/** Files beside the database that it is of no use without. No start of a coordinator reads them from there. */
const FILES = 'CREATE TABLE files (name TEXT PRIMARY KEY, content TEXT NOT NULL) STRICT'

/**
 * Writes of the same thread go on meanwhile, and are in the copy or not, each as a whole (SQLite, Online Backup API). `to` must not
 * be there. Throws what the system says.
 */
export async function copyDatabase(database: Sqlite, to: string): Promise<void> {
  closeSync(openSync(to, FRESH, 0o600))
  await database.backup(to)
}

/** What takes as long as the database is large: in a thread where no write waits for it. Null: it is whole, and on the disk; else why not. */
export function finishCopy({ finish: to, files }: Finishing): string | null {
  try {
    finish(to, files)
    return null
  } catch (error) {
    removeCopy(to)
    return String(error)
  }
}
export function removeCopy(to: string): void {
  for (const left of [to, `${to}-journal`, `${to}-wal`, `${to}-shm`]) rmSync(left, { force: true })
}

/** Throws what the system says, or Damage. */
function finish(to: string, files: Finishing['files']): void {
  const copy = new Database(to, { fileMustExist: true })
  try {
    copy.pragma('journal_mode = DELETE')
    copy.exec(FILES)
    const insert = copy.prepare('INSERT INTO files (name, content) VALUES (?, ?)')
    copy.transaction(() => files.forEach(([name, content]) => insert.run(name, content)))()
    const state = String(copy.pragma('integrity_check(1)', { simple: true }))
    if (state !== 'ok') throw new Damage(`the copy itself: ${state}`)
    examine(copy)
  } finally {
    copy.close()
  }
  const fd = openSync(to, 'r')
  fsyncSync(fd)
  closeSync(fd)
}
