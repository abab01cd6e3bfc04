/** What is replaced is on the disk before it has its name, and the name before anybody relies on it (man 2 fsync). */
import type * as Files from 'node:fs'
import { mkdtempSync, openSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { FRESH, replaceFile } from './files.ts'

const done = vi.hoisted((): string[] => [])
vi.mock('node:fs', async (original) => {
  const real = await original<typeof Files>()
  return {
    ...real,
    fsyncSync(fd: number) {
      done.push(`sync ${real.readlinkSync(`/proc/self/fd/${fd}`).split('/').at(-1)}`)
      real.fsyncSync(fd)
    },
    renameSync(from: string, to: string) {
      done.push('rename')
      real.renameSync(from, to)
    },
  }
})

test('first the content, then the name, then the directory; made by nobody else meanwhile', () => {
  const home = mkdtempSync(join(tmpdir(), 'lvsm-replace-'))
  replaceFile(join(home, 'kept'), 'text')
  expect(done).toEqual(['sync kept.new', 'rename', `sync ${basename(home)}`])
  writeFileSync(join(home, 'there'), '')
  expect(() => openSync(join(home, 'there'), FRESH)).toThrow(/EEXIST/)
  expect(() => readlinkSync(join(home, 'kept'))).toThrow(/EINVAL/)
  rmSync(home, { recursive: true })
})
