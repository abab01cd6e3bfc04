import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { Changes } from './changes.ts'

const folder = mkdtempSync(join(tmpdir(), 'lvsm-authorities-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('a file that is another one is known as that within a second; one that is gone or empty is the one before', () => {
  const path = join(folder, 'authorities')
  let now = 0
  const changes = new Changes(path, () => now)
  const later = (): string => {
    now += 1000
    return changes.version()
  }
  expect(changes.version()).toBe('')
  writeFileSync(path, 'one')
  expect(changes.version(), 'not looked at again yet').toBe('')
  const first = later()
  expect([first === '', later()]).toEqual([false, first])
  writeFileSync(`${path}.new`, 'another')
  renameSync(`${path}.new`, path)
  const second = later()
  expect(second).not.toBe(first)
  writeFileSync(path, '')
  expect(later()).toBe(second)
  rmSync(path)
  expect(later()).toBe(second)
})
