import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { takeDirectories, type Unready } from './directories.ts'
import type { DirectoryLock } from './lock.ts'

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lvsm-dirs-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))
const take = (run = 'run', state = 'state'): DirectoryLock | Unready =>
  takeDirectories({
    ...{ program: 'lvsm-x', socket: 'x.sock', lock: 'x.lock' },
    ...{ runDir: join(home, run), stateDir: join(home, state) },
  })
const modeOf = (name: string): number => statSync(join(home, name)).mode & 0o777

test('what is not there is made, for its owner and its group only; one process has it', () => {
  expect(take()).not.toHaveProperty('faults')
  expect([modeOf('run'), modeOf('state')]).toEqual([0o750, 0o750])
  expect(take()).toEqual({
    exit: 'world',
    faults: [`another lvsm-x already runs for ${join(home, 'run')}`, expect.stringContaining('--run-dir')],
  })
})

test.each(['run', 'state'])('into which others may write is refused, and nothing is locked: %s', (name) => {
  mkdirSync(join(home, name))
  chmodSync(join(home, name), 0o777)
  const faults = [expect.stringMatching(`others may write into .*/${name} .*nothing was changed`), expect.any(String)]
  expect(take()).toEqual({ exit: 'refused', faults })
  chmodSync(join(home, name), 0o755)
  expect(take()).not.toHaveProperty('faults')
})

test('a file in the place of one is refused by the system', () => {
  writeFileSync(join(home, 'state'), '')
  expect(take()).toEqual({ exit: 'world', faults: [expect.stringMatching(/^cannot use .*EEXIST/)] })
})

test('a name that is too long for the socket is refused before anything is made: bytes count, not letters', () => {
  const letters = 'ü'.repeat(Math.ceil((100 - home.length) / 2))
  expect(take(letters)).toEqual({
    exit: 'refused',
    faults: [expect.stringMatching(/too long .*at most 100 characters/)],
  })
  expect(() => modeOf(letters)).toThrow(/ENOENT/)
})
