import { mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { namesIn, setAside } from './aside.ts'

test('what is set aside twice within a second is in two directories, each for its owner only', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lvsm-aside-'))
  const at = new Date('2026-11-28T03:00:00.000Z')
  const moved = ['one', 'two'].map((name) => {
    writeFileSync(join(directory, name), name)
    return setAside(directory, [name], at)
  })
  expect(moved.map((path) => readdirSync(path))).toEqual([['one'], ['two']])
  expect(moved.map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o700])
  expect(moved.every((path) => path.includes('left-20261128T030000Z-'))).toBe(true)
  expect(namesIn(directory)).toEqual([])
})
