import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readRegular, replaceFile } from './files.ts'
import { doubtFile, doubtOwnDirectory, doubtSecret, quoted } from './trust.ts'

const ROOT = process.geteuid?.() === 0
const STRANGER = 54_321
let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lvsm-files-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))
const at = (name: string): string => join(home, name)
const put = (name: string, mode = 0o600, text = 'text'): string => {
  writeFileSync(at(name), text)
  chmodSync(at(name), mode)
  return at(name)
}

describe('what is read', () => {
  test('is a file, and no more of it than was asked for', () => {
    expect(readRegular(put('a'), 4, false)).toMatchObject({ ok: true, bytes: Buffer.from('text') })
    expect(readRegular(at('a'), 3, false)).toMatchObject({ ok: false, code: 'EFBIG', reason: 'larger than 3 bytes' })
    expect(readRegular(at('b'), 3, false)).toMatchObject({ ok: false, code: 'ENOENT' })
    symlinkSync(at('a'), at('link'))
    expect(readRegular(at('link'), 4, true)).toMatchObject({ ok: true })
    expect(readRegular(at('link'), 4, false)).toMatchObject({ ok: false, code: 'ELOOP' })
    expect(readRegular(join(at('a'), 'x'), 4, true)).toMatchObject({ ok: false, code: 'ENOTDIR' })
  })
  test('is never what blocks or has no end', async () => {
    execFileSync('mkfifo', [at('fifo')])
    const server = createServer()
    await new Promise<void>((listening) => server.listen(at('socket'), listening))
    const reasons = [at('fifo'), at('socket'), '/dev/zero', '/dev/null', home].map((path) => {
      const read = readRegular(path, 10, true)
      return read.ok ? 'read' : read.reason
    })
    server.close()
    expect(reasons).toEqual([
      expect.stringMatching(/FIFO/),
      expect.stringMatching(/socket/),
      expect.stringMatching(/device/),
      expect.stringMatching(/device/),
      expect.stringMatching(/directory/),
    ])
  })
})

test('what replaces a file is for its owner only, and goes through no link', () => {
  const precious = put('precious', 0o644)
  symlinkSync(precious, at('kept.new'))
  symlinkSync(precious, at('kept'))
  replaceFile(at('kept'), 'new')
  expect(readFileSync(precious, 'utf8')).toBe('text')
  expect(readFileSync(at('kept'), 'utf8')).toBe('new')
  expect(lstatSync(at('kept')).mode & 0o7777).toBe(0o600)
})

const messages = (doubts: readonly { readonly message: string }[]): string[] => doubts.map(({ message }) => message)

describe('who else could have written it', () => {
  test('nobody, where only its owner may', () => {
    expect(doubtFile(put('a', 0o644))).toEqual([])
    expect(doubtSecret(put('a', 0o600))).toEqual([])
    expect(doubtOwnDirectory(home)).toEqual([])
  })
  test.each([0o646, 0o622, 0o666])('others, by its mode %o', (mode) => {
    const path = put('a', mode)
    const root = (mode & 0o002) === 0
    if (root && ROOT) chownSync(path, 0, STRANGER)
    expect(doubtFile(path)).toEqual([
      { message: expect.stringContaining(`others may write ${path}`), hint: `chmod go-w ${path}` },
    ])
  })
  test.each([0o604, 0o640, 0o602, 0o620])('a secret is doubted already when others may read it: %o', (mode) => {
    expect(doubtSecret(put('key', mode))).toEqual([
      { message: expect.stringContaining(at('key')), hint: expect.stringContaining(`chmod 600 ${at('key')}`) },
    ])
  })
  test('others, by a directory on the way; what is in a directory like /tmp is its owner’s', () => {
    mkdirSync(at('open'))
    put('open/a')
    chmodSync(at('open'), 0o777)
    expect(messages(doubtFile(at('open/a')))).toEqual([`others may write into the directory ${at('open')}`])
    chmodSync(at('open'), 0o1777)
    expect(doubtFile(at('open/a'))).toEqual([])
    expect(messages(doubtOwnDirectory(at('open')))).toEqual([expect.stringContaining('others may write into')])
  })
  test('others, by a link that leads through what is theirs', () => {
    mkdirSync(at('open'))
    put('target')
    symlinkSync(at('target'), at('open/hop'))
    symlinkSync('open/hop', at('link'))
    expect(doubtFile(at('link'))).toEqual([])
    chmodSync(at('open'), 0o777)
    expect(messages(doubtFile(at('link')))).toEqual([`others may write into the directory ${at('open')}`])
    chmodSync(at('open'), 0o755)
    chmodSync(at('target'), 0o666)
    expect(messages(doubtFile(at('link')))).toEqual([expect.stringContaining(`others may write ${at('target')}`)])
  })
  test('links in a circle lead nowhere', () => {
    symlinkSync(at('b'), at('a'))
    symlinkSync(at('a'), at('b'))
    expect(() => doubtFile(at('a'))).toThrow(/symbolic links/)
    expect(readRegular(at('a'), 9, true)).toMatchObject({ ok: false, code: 'ELOOP' })
  })
  test('what is on the way back up counts, too', () => {
    mkdirSync(at('sub'))
    put('a')
    symlinkSync('../a', at('sub/link'))
    expect(doubtFile(at('sub/link'))).toEqual([])
  })
  test('whoever owns the file, the link or the directory', { skip: !ROOT }, () => {
    const file = put('a')
    symlinkSync(file, at('link'))
    execFileSync('chown', ['-h', `${STRANGER}`, at('link')])
    expect(messages(doubtFile(at('link')))).toEqual([
      `the symbolic link ${at('link')} belongs to user ${STRANGER}, who could change it`,
    ])
    chownSync(file, STRANGER, STRANGER)
    expect(messages(doubtSecret(file))).toEqual([`the file ${file} belongs to user ${STRANGER}, who could change it`])
    chownSync(home, STRANGER, STRANGER)
    expect(messages(doubtOwnDirectory(home))).toEqual([
      `the directory ${home} belongs to user ${STRANGER}, who could change it`,
    ])
  })
})

test('a name is written for a shell as one word', () => {
  expect(quoted('/etc/lvsm/key')).toBe('/etc/lvsm/key')
  expect(quoted("/etc/a b;'x")).toBe(`'/etc/a b;'\\''x'`)
})
