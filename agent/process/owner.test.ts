/** Whoever owns the directory is who works in it. */
import { chownSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { actAsOwner, becomeOwner, type Identity } from './owner.ts'

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'lvsm-owner-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}
function identity(uid: number, done: string[]): Identity {
  return {
    uid,
    setgroups: (groups) => done.push(`groups ${groups.join(' ')}`),
    setgid: (gid) => done.push(`group ${gid}`),
    setuid: (id) => done.push(`user ${id}`),
    setegid: (gid) => done.push(`acts as group ${gid}`),
    seteuid: (id) => done.push(`acts as user ${id}`),
  }
}
function became(uid: number, path: string, groups: readonly number[] = []): string[] {
  const done: string[] = []
  becomeOwner(path, groups, identity(uid, done))
  return done
}

test('root becomes the owner of the directory, its groups first', () => {
  const path = directory()
  if (process.geteuid?.() === 0) chownSync(path, 4711, 4712)
  const { uid, gid } = statSync(path)
  expect(became(0, path)).toEqual(['groups ', `group ${gid}`, `user ${uid}`])
  expect(became(0, path, [4711])).toEqual(['groups 4711', `group ${gid}`, `user ${uid}`])
})
test('a directory of root changes nobody', () => expect(became(0, '/')).toEqual([]))
test('nobody else becomes anybody, and a directory that is not there changes nobody', () => {
  expect(became(1000, directory())).toEqual([])
  expect(became(0, join(directory(), 'none'))).toEqual([])
})
test('root acts as the owner for a while, and as root for what is root’s, also when that throws', () => {
  const path = directory()
  if (process.geteuid?.() === 0) chownSync(path, 4711, 4712)
  const { uid, gid } = statSync(path)
  const done: string[] = []
  const asRoot = actAsOwner(path, identity(0, done))
  const owner = ['acts as user 0', `acts as group ${gid}`, `acts as user ${uid}`]
  const root = ['acts as user 0', 'acts as group 0', 'acts as user 0']
  expect(done.splice(0)).toEqual(owner)
  const work = asRoot(() => {
    done.push('works')
    return 7
  })
  expect([work, ...done.splice(0)]).toEqual([7, ...root, 'works', ...owner])
  expect(() =>
    asRoot(() => {
      throw new Error('no')
    }),
  ).toThrow('no')
  expect(done).toEqual([...root, ...owner])
  expect(actAsOwner(path, identity(1000, done))(() => 8)).toBe(8)
  expect(done).toHaveLength(6)
})
