/** Whoever owns the directory is who works in it. */
import { chownSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { becomeOwner, type Identity } from './owner.ts'

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'lvsm-owner-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}
function became(uid: number, path: string): string[] {
  const done: string[] = []
  const self: Identity = {
    uid,
    setgroups: (groups) => done.push(`groups ${groups.join(' ')}`),
    setgid: (gid) => done.push(`group ${gid}`),
    setuid: (id) => done.push(`user ${id}`),
  }
  becomeOwner(path, self)
  return done
}

test('root becomes the owner of the directory, its groups first', () => {
  const path = directory()
  if (process.geteuid?.() === 0) chownSync(path, 4711, 4712)
  const { uid, gid } = statSync(path)
  expect(became(0, path)).toEqual(['groups ', `group ${gid}`, `user ${uid}`])
})
test('a directory of root changes nobody', () => expect(became(0, '/')).toEqual([]))
test('nobody else becomes anybody, and a directory that is not there changes nobody', () => {
  expect(became(1000, directory())).toEqual([])
  expect(became(0, join(directory(), 'none'))).toEqual([])
})
