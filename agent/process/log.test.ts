import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Lines, openLog } from './log.ts'

const fault = (code: string): Error => Object.assign(new Error(code), { code })
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

/** Standard error, as it comes; `refuses` is thrown instead of taking anything, `most` is taken at once. */
function taker() {
  const seen = { text: '', refuses: null as Error | null, most: 1_000_000 }
  const lines = new Lines((bytes) => {
    if (seen.refuses) throw seen.refuses
    const part = bytes.subarray(0, seen.most)
    seen.text += part.toString()
    return part.length
  })
  return { seen, lines }
}

test('lines come in order, whole, also when a write takes only a part', () => {
  const { seen, lines } = taker()
  seen.most = 2
  lines.write('one')
  lines.write('two')
  expect(seen.text).toBe('one\ntwo\n')
})

test.each(['EAGAIN', 'ENOSPC'])('what finds no room now (%s) comes later, and holds up nobody', (code) => {
  const { seen, lines } = taker()
  seen.refuses = fault(code)
  lines.write('one')
  lines.write('two')
  seen.refuses = null
  vi.advanceTimersByTime(100)
  expect(seen.text).toBe('one\ntwo\n')
  lines.write('three')
  expect(seen.text).toBe('one\ntwo\nthree\n')
})

test('where nobody reads for long, lines are dropped and counted: the memory has an end', () => {
  const { seen, lines } = taker()
  seen.refuses = fault('EAGAIN')
  for (let count = 0; count < 1000; count++) lines.write('x'.repeat(1023))
  seen.refuses = null
  vi.advanceTimersByTime(100)
  expect(seen.text.length).toBeLessThan(300_000)
  expect(seen.text).toMatch(/\n744 lines of this log were lost: nobody read it\n$/)
  lines.write('and on')
  expect(seen.text).toMatch(/it\nand on\n$/)
})

test.each(['EIO', 'EPIPE', 'EBADF'])('a reader that is gone (%s) is no reason to end', (code) => {
  const { seen, lines } = taker()
  seen.refuses = fault(code)
  lines.write('one')
  seen.refuses = null
  lines.write('two')
  expect(seen.text).toBe('two\n')
  expect(vi.getTimerCount()).toBe(0)
})

test('what would steer a terminal is written so that it can be read', () => {
  const { seen, lines } = taker()
  lines.write('peer says \u001b[2J\u0007\u009b1m\r, next\n\tline')
  expect(seen.text).toBe('peer says \\x1b[2J\\x07\\x9b1m\\x0d, next\n\tline\n')
})

test('a pipe that nobody reads never makes it wait', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lvsm-log-'))
  const path = join(directory, 'pipe')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(path, constants.O_WRONLY)
  const log = openLog(writer, () => expect.unreachable('a pipe is opened anew'))
  for (let count = 0; count < 400; count++) log.write(`${count} ${'x'.repeat(1000)}`)
  const bytes = Buffer.alloc(4)
  readSync(reader, bytes)
  expect(bytes.toString()).toBe('0 xx')
  for (const fd of [reader, writer]) closeSync(fd)
  rmSync(directory, { recursive: true })
})

test('a file is shared with who writes there before and after, as a shell’s redirection is', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lvsm-log-'))
  const path = join(directory, 'log')
  const fd = openSync(path, 'w')
  const log = openLog(fd, () => expect.unreachable('a file needs no stream'))
  writeSync(fd, 'before\n')
  log.write('one')
  writeSync(fd, 'between\n')
  log.write('two')
  writeSync(fd, 'after\n')
  expect(readFileSync(path, 'utf8')).toBe('before\none\nbetween\ntwo\nafter\n')
  closeSync(fd)
  rmSync(directory, { recursive: true })
})

test('a socket is written through its stream, while somebody reads', () => {
  const stream = { write: vi.fn(() => true), writableLength: 0, on: vi.fn() }
  const log = openLog(-1, () => stream as unknown as NodeJS.WriteStream)
  log.write('one')
  stream.writableLength = 1_000_000
  log.write('two')
  expect(stream.write.mock.calls).toEqual([[Buffer.from('one\n')]])
  expect(stream.on).toHaveBeenCalledWith('error', expect.any(Function))
  stream.writableLength = 0
  vi.advanceTimersByTime(100)
  expect(stream.write).toHaveBeenCalledTimes(2)
})
