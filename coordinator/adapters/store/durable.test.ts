/** That the system was asked to put on the disk what others are promised by it: no kill of a process shows that it was not. */
import fs, { copyFileSync, existsSync, readlinkSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { copyDatabase, finishCopy } from './copy.ts'
import { directory, founded, opened, written } from './fixture.ts'
import { scriptOf } from './fixture-register.ts'
import { markOf } from './mark.ts'
import { openChecked } from './open.ts'

interface Synced {
  readonly path: string
  /** Of what is asked about. */
  readonly isThere: boolean
}
/** From now on. `about`: a path. */
function watchSyncs(about = ''): readonly Synced[] {
  const real = fs.fsyncSync
  const synced: Synced[] = []
  fs.fsyncSync = (fd) => {
    synced.push({ path: readlinkSync(`/proc/self/fd/${fd}`), isThere: existsSync(about) })
    real(fd)
  }
  syncBuiltinESMExports()
  onTestFinished(() => {
    fs.fsyncSync = real
    syncBuiltinESMExports()
  })
  return synced
}
function checked(path: string) {
  const result = openChecked(path, null)
  if (result.kind === 'refused') throw new Error(result.refusal.message)
  onTestFinished(() => {
    result.database.close()
    result.mark.close()
  })
  return result
}

test('a commit returns when the disk has it, its write-ahead log too', () => {
  const { database } = checked(founded())
  // FULL (SQLite, PRAGMA synchronous): with NORMAL the log of a commit is synced at the next checkpoint, and what was acknowledged is lost with the power.
  expect(database.pragma('synchronous', { simple: true })).toBe(2)
  expect(database.pragma('journal_mode', { simple: true })).toBe('wal')
})

test('what a process left that was killed is put on the disk before it is promised again', async () => {
  const path = founded()
  const store = await opened(path)
  await written(store, scriptOf(store.identity, 2))
  const left = join(directory(), basename(path))
  for (const end of ['', '-wal', '.acknowledged']) copyFileSync(`${path}${end}`, `${left}${end}`)
  await store.close()
  const synced = watchSyncs()
  const { found } = checked(left)
  expect(found.stored.entries.at(-1)?.index).toBe(2)
  expect(synced.map((one) => one.path)).toEqual([`${left}-wal`])
})

test('a beginning is on the disk with its count, and then under its name', () => {
  const synced = watchSyncs()
  const path = founded()
  expect(synced.map((one) => one.path)).toEqual([`${path}.new`, markOf(path), dirname(path)])
})

test('a copy is on the disk before anybody is told that it is there', async () => {
  const { database } = checked(founded())
  const to = join(directory(), 'copy.db')
  const synced = watchSyncs(to)
  await copyDatabase(database, to)
  expect(finishCopy({ finish: to, files: [] })).toBeNull()
  expect(synced).toEqual([{ path: to, isThere: true }])
})
