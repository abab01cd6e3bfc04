import { once } from 'node:events'
import { existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { eventually } from '../../test/kit/eventually.ts'
import { keepListening, type Listening, type ListeningEvents } from './listening.ts'

const failed = vi.fn<ListeningEvents['failed']>()
const mayAgain = vi.fn<ListeningEvents['mayAgain']>()
const say = vi.fn<ListeningEvents['say']>()
let home = ''
let path = ''
let server: Server
let listening: Listening
const clients: Socket[] = []
const joined = async (): Promise<Socket> => {
  const client = connect(path)
  clients.push(client)
  await once(client, 'data')
  return client
}

beforeEach(() => {
  vi.resetAllMocks()
  mayAgain.mockReturnValue(true)
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  home = mkdtempSync(join(tmpdir(), 'lvsm-listen-'))
  path = join(home, 'run', 'a.sock')
  mkdirSync(join(home, 'run'))
  server = createServer((client) => {
    client.on('error', () => undefined)
    client.on('data', (word) => client.write(word))
    client.write('hello')
  })
  listening = keepListening(server, path, { failed, mayAgain, say })
})
afterEach(() => {
  vi.useRealTimers()
  for (const client of clients.splice(0)) client.destroy()
  listening.close()
  rmSync(home, { recursive: true, force: true })
})
const looks = async (): Promise<void> => {
  vi.advanceTimersByTime(1000)
  await eventually(() => expect(existsSync(path)).toBe(true))
}

test('the socket is for its owner only, in the very turn in which it is made', () => {
  expect(lstatSync(path).mode & 0o777).toBe(0o600)
})

describe.each<[string, () => void]>([
  ['the socket', () => rmSync(path)],
  ['its directory', () => rmSync(join(home, 'run'), { recursive: true })],
])('when somebody removes %s', (_, remove) => {
  test('it is made again: who is connected stays so, and who comes finds it', async () => {
    const before = await joined()
    remove()
    await looks()
    expect(lstatSync(path).mode & 0o777).toBe(0o600)
    await joined()
    before.write('still')
    expect(String(await once(before, 'data'))).toBe('still')
    expect(say.mock.calls).toEqual([[expect.stringMatching(/^somebody removed .*a\.sock: it was made again$/)]])
  })
})

test.each<[string, () => void]>([
  ['a file', () => writeFileSync(path, '')],
  ['a link', () => symlinkSync('/etc/hostname', path)],
])('%s in its place gives way, and nothing behind it', async (_, put) => {
  rmSync(path)
  put()
  vi.advanceTimersByTime(1000)
  await eventually(() => expect(lstatSync(path).isSocket()).toBe(true))
  expect(existsSync('/etc/hostname')).toBe(true)
})

test('what became another process’s is left alone, and said once', async () => {
  rmSync(path)
  mayAgain.mockReturnValue(false)
  for (let times = 1; times <= 3; times++) {
    vi.advanceTimersByTime(1000)
    await eventually(() => expect(mayAgain).toHaveBeenCalledTimes(times))
  }
  expect(existsSync(path)).toBe(false)
  expect(say.mock.calls).toEqual([[expect.stringMatching(/another process's now/)]])
})

test('where it cannot be made again it is tried each second, and said once', async () => {
  rmSync(join(home, 'run'), { recursive: true })
  writeFileSync(join(home, 'run'), 'in the way')
  for (let times = 0; times < 3; times++) {
    vi.advanceTimersByTime(1000)
    await eventually(() => expect(say).toHaveBeenCalled())
  }
  expect(say.mock.calls).toEqual([[expect.stringMatching(/cannot be made again: .*each second/)]])
  rmSync(join(home, 'run'))
  await looks()
  await joined()
  expect(failed).not.toHaveBeenCalled()
})

test('once it was closed it is not made again', async () => {
  const client = await joined()
  const closed = vi.fn()
  listening.close(closed)
  expect(existsSync(path)).toBe(false)
  vi.advanceTimersByTime(5000)
  expect(closed).not.toHaveBeenCalled()
  client.destroy()
  await eventually(() => expect(closed).toHaveBeenCalledOnce())
  expect(existsSync(path)).toBe(false)
})
