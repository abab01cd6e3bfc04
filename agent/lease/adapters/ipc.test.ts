import {
  FrameSplitter,
  type FromLease,
  MAX_FRAME,
  type ToLease,
  decode,
  frame,
  fromLeaseCodec,
  toLeaseCodec,
} from '@lvsm/protocol'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { eventually } from '../../../test/kit/eventually.ts'
import { type IpcEvents, type IpcServer, serveIpc } from './ipc.ts'

const STANDBY: ToLease = { kind: 'standby', on: true, reason: 'works' }
const HELLO: FromLease = { kind: 'hello', incarnation: 'ab'.repeat(16), version: 1 }
/** A word of this lease process itself. */
const status = (size: number): FromLease => ({
  kind: 'status',
  status: {
    ...{
      node: 'dir1',
      incarnation: '',
      quarantineMs: 0,
      standby: false,
      quorum: true,
      groups: [],
      peers: [],
      counters: {},
    },
    troubles: Array.from({ length: size / 50_000 }, () => ({
      code: 'x',
      severity: 'info',
      message: 'x'.repeat(50_000),
    })),
  },
})
const relay = (size: number): FromLease => ({ kind: 'relay', from: 'dir2', payload: new Uint8Array(size) })

const heard = vi.fn<IpcEvents['heard']>()
const joined = vi.fn<IpcEvents['joined']>()
const count = vi.fn<IpcEvents['count']>()
const failed = vi.fn<IpcEvents['failed']>()
const mayAgain = vi.fn<IpcEvents['mayAgain']>()
const say = vi.fn<IpcEvents['say']>()
let directory = ''
let path = ''
let server: IpcServer
const clients: Client[] = []

/** A reconciler. */
class Client {
  readonly socket: Socket
  readonly words: FromLease[] = []
  closed = false

  constructor() {
    this.socket = connect(path)
    const splitter = new FrameSplitter()
    this.socket.on('data', (chunk) => {
      for (const bytes of splitter.push(chunk) ?? []) this.words.push(decode(fromLeaseCodec, bytes) as FromLease)
    })
    this.socket.on('error', () => undefined)
    this.socket.on('close', () => {
      this.closed = true
    })
    clients.push(this)
  }
  static async join(): Promise<Client> {
    const before = joined.mock.calls.length
    const client = new Client()
    await eventually(() => expect(joined).toHaveBeenCalledTimes(before + 1))
    return client
  }
}

beforeEach(async () => {
  vi.resetAllMocks()
  directory = mkdtempSync(join(tmpdir(), 'lvsm-ipc-'))
  path = join(directory, 'lease.sock')
  server = serveIpc(path, { heard, joined, count, failed, mayAgain, say })
  await eventually(() => expect(statSync(path).mode & 0o777).toBe(0o600))
})
afterEach(() => {
  for (const { socket } of clients.splice(0)) socket.destroy()
  server.close(() => undefined)
  rmSync(directory, { recursive: true, force: true })
})

test('each word of each client is heard, whole, in order, however its bytes come', async () => {
  const [one, other] = [await Client.join(), await Client.join()]
  const words = [
    STANDBY,
    { ...STANDBY, on: false },
    { kind: 'relay', to: null, payload: Uint8Array.of(1, 2, 3) },
  ] satisfies ToLease[]
  const bytes = Buffer.concat(words.map((word) => frame(toLeaseCodec, word)))
  one.socket.write(bytes)
  await eventually(() => expect(heard.mock.calls.map(([word]) => word)).toEqual(words))
  for (const byte of bytes) {
    other.socket.write(Uint8Array.of(byte))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await eventually(() => expect(heard.mock.calls.map(([word]) => word)).toEqual([...words, ...words]))
  expect(count).not.toHaveBeenCalled()
})

test('a word that is none is counted, and the next one heard', async () => {
  const { socket } = await Client.join()
  const good = frame(toLeaseCodec, STANDBY)
  socket.write(Buffer.concat([Buffer.from([0, 0, 0, 2, 99, 99]), good, Buffer.from([0, 0, 0, 0]), good]))
  await eventually(() => expect(heard).toHaveBeenCalledTimes(2))
  expect(count.mock.calls).toEqual([['drop-to-lease-unknown-kind'], ['drop-to-lease-malformed']])
})

test('who announces a frame beyond all measure is cut off, and nobody else', async () => {
  const [stranger, other] = [await Client.join(), await Client.join()]
  const size = Buffer.alloc(4)
  size.writeUInt32BE(MAX_FRAME + 1)
  stranger.socket.write(size)
  await eventually(() => expect(stranger.closed).toBe(true))
  expect(other.closed).toBe(false)
  other.socket.write(frame(toLeaseCodec, STANDBY))
  await eventually(() => expect(heard).toHaveBeenCalledOnce())
  server.tell(HELLO)
  await eventually(() => expect(other.words).toEqual([HELLO]))
})

describe('what a reconciler can do to others', () => {
  const crowd = async (size: number): Promise<Client[]> => {
    const all: Client[] = []
    for (let at = 0; at < size; at++) all.push(await Client.join())
    return all
  }

  test('a thousand words at once are heard a few at a time, in their order, and another is heard between them', async () => {
    const [wild, other] = [await Client.join(), await Client.join()]
    const words = Array.from({ length: 1000 }, (_, at): ToLease => ({ ...STANDBY, reason: `${at}` }))
    wild.socket.write(Buffer.concat(words.map((word) => frame(toLeaseCodec, word))))
    await eventually(() => expect(heard).toHaveBeenCalled())
    other.socket.write(frame(toLeaseCodec, { ...STANDBY, reason: 'other' }))
    let [most, before] = [0, 0]
    while (heard.mock.calls.length < 1001) {
      await new Promise((resolve) => setImmediate(resolve))
      most = Math.max(most, heard.mock.calls.length - before)
      before = heard.mock.calls.length
    }
    expect(most).toBeLessThanOrEqual(64)
    const reasons = heard.mock.calls.map(([word]) => (word.kind === 'standby' ? word.reason : ''))
    expect(reasons.filter((reason) => reason !== 'other')).toEqual(words.map((_, at) => `${at}`))
    expect(reasons.indexOf('other')).toBeLessThan(900)
    // Whoever was made to wait is heard again.
    for (const one of [wild, other]) one.socket.write(frame(toLeaseCodec, STANDBY))
    await eventually(() => expect(heard).toHaveBeenCalledTimes(1003))
  })

  test('sixteen are taken, and no more, while all of them speak', async () => {
    const all = await crowd(16)
    const late = new Client()
    await eventually(() => expect(late.closed).toBe(true))
    expect(count.mock.calls).toEqual([['drop-client-crowded']])
    server.tell(HELLO)
    await eventually(() => expect(all.map(({ words }) => words)).toEqual(all.map(() => [HELLO])))
    all[0]?.socket.destroy()
    await eventually(() => expect(all[0]?.closed).toBe(true))
    await Client.join()
  })

  test('who has been silent for longest gives way to the next: what was forgotten keeps no reconciler out', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    try {
      const all = await crowd(16)
      vi.advanceTimersByTime(4999)
      all[0]?.socket.write(frame(toLeaseCodec, STANDBY))
      await eventually(() => expect(heard).toHaveBeenCalledOnce())
      vi.advanceTimersByTime(1)
      const next = await Client.join()
      await eventually(() => expect(all.map(({ closed }) => closed).filter(Boolean)).toHaveLength(1))
      expect([all[0]?.closed, all[1]?.closed, next.closed]).toEqual([false, true, false])
    } finally {
      vi.useRealTimers()
    }
  })

  test('a frame that stays half said ends the connection; one that goes on does not', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
    try {
      const [half, slow] = [new Client(), new Client()]
      while (joined.mock.calls.length < 2) await turn()
      const bytes = frame(toLeaseCodec, STANDBY)
      const say = async (client: Client, part: Uint8Array): Promise<void> => {
        await new Promise((written) => client.socket.write(part, written))
        for (let turns = 0; turns < 20; turns++) await turn()
      }
      await say(half, bytes.subarray(0, 6))
      await say(slow, bytes.subarray(0, 6))
      vi.advanceTimersByTime(4990)
      await say(slow, Buffer.concat([bytes.subarray(6), bytes.subarray(0, 6)]))
      vi.advanceTimersByTime(20)
      while (!half.closed) await turn()
      expect(count.mock.calls).toEqual([['drop-client-half']])
      await say(slow, bytes.subarray(6))
      vi.advanceTimersByTime(60_000)
      for (let turns = 0; turns < 20; turns++) await turn()
      expect([slow.closed, heard.mock.calls.length]).toEqual([false, 2])
    } finally {
      vi.useRealTimers()
    }
  })

  test('half frames of all clients together have a limit', async () => {
    const all = await crowd(3)
    const long = Buffer.alloc(3 * 1024 * 1024)
    long.writeUInt32BE(MAX_FRAME)
    for (const client of all) client.socket.write(long)
    await eventually(() => expect(all.filter(({ closed }) => closed)).toHaveLength(1))
    expect(count.mock.calls).toEqual([['drop-client-half']])
  })
})

test('all clients are told; without any there is nobody to tell', async () => {
  server.tell(HELLO)
  const [one, other] = [await Client.join(), await Client.join()]
  server.tell(HELLO)
  await eventually(() => expect([one.words, other.words]).toEqual([[HELLO], [HELLO]]))
  one.socket.end()
  await eventually(() => expect(one.closed).toBe(true))
  server.tell(HELLO)
  await eventually(() => expect(other.words.length).toBe(2))
})

test('who joins can be told at once', async () => {
  joined.mockImplementation(() => server.tell(HELLO))
  const client = await Client.join()
  await eventually(() => expect(client.words).toEqual([HELLO]))
})

test('who does not read for a while gets it all later; who does not for a megabyte is cut off; nobody else is held up', async () => {
  const SIZE = 400_000
  const other = await Client.join()
  const lazy = async (words: number): Promise<Client> => {
    const client = await Client.join()
    client.socket.pause()
    const before = other.words.length
    for (let told = 1; told <= words; told++) {
      server.tell(status(SIZE))
      await eventually(() => expect(other.words.length).toBe(before + told))
    }
    client.socket.resume()
    return client
  }
  const slow = await lazy(2)
  await eventually(() => expect(slow.words.length).toBe(2))
  expect(slow.closed).toBe(false)
  slow.socket.destroy()
  const dead = await lazy(6)
  await eventually(() => expect(dead.closed).toBe(true))
  expect(dead.words.length).toBeLessThan(6)
  expect(other.closed).toBe(false)
})

test('what others say ends no connection of who does not read for a while: it is dropped', async () => {
  const client = await Client.join()
  client.socket.pause()
  for (let told = 0; told < 1000; told++) {
    server.tell(relay(8192))
    await new Promise((resolve) => setImmediate(resolve))
  }
  server.tell(HELLO)
  client.socket.resume()
  await eventually(() => expect(client.words.at(-1)).toEqual(HELLO))
  expect(client.closed).toBe(false)
  expect(client.words.length).toBeLessThan(200)
  expect(new Set(count.mock.calls.map(([name]) => name))).toEqual(new Set(['drop-relay-unread']))
})

test('a client that breaks off in the middle is no trouble', async () => {
  const client = await Client.join()
  client.socket.write(frame(toLeaseCodec, STANDBY).subarray(0, 6))
  client.socket.destroy()
  await eventually(() => expect(client.closed).toBe(true))
  server.tell(relay(1_000_000))
  const other = await Client.join()
  server.tell(HELLO)
  await eventually(() => expect(other.words).toEqual([HELLO]))
  expect(heard).not.toHaveBeenCalled()
  other.socket.write(frame(toLeaseCodec, STANDBY))
  await eventually(() => expect(heard.mock.calls).toEqual([[STANDBY]]))
  expect(count).not.toHaveBeenCalled()
})

test('a file that is in the way is a leftover', async () => {
  const place = join(directory, 'other.sock')
  writeFileSync(place, 'left')
  const other = serveIpc(place, { heard, joined, count, failed, mayAgain, say })
  await eventually(() => expect(statSync(place).isSocket()).toBe(true))
  const socket = connect(place)
  await eventually(() => expect(joined).toHaveBeenCalledOnce())
  socket.destroy()
  other.close(() => undefined)
  expect(failed).not.toHaveBeenCalled()
})

test('a place that cannot be is told', async () => {
  const other = serveIpc(join(directory, 'missing', 'lease.sock'), { heard, joined, count, failed, mayAgain, say })
  await eventually(() => expect(failed).toHaveBeenCalledOnce())
  expect(failed.mock.calls[0]?.[0]).toMatchObject({ syscall: 'listen' })
  other.close(() => undefined)
})

test('closing it says what was told, ends every client and takes the socket away', async () => {
  const [one, other] = [await Client.join(), await Client.join()]
  server.tell(HELLO)
  const done = vi.fn()
  server.close(done)
  expect(existsSync(path)).toBe(false)
  await eventually(() => expect([one.closed, other.closed]).toEqual([true, true]))
  expect([one.words, other.words]).toEqual([[HELLO], [HELLO]])
  const late = connect(path)
  await once(late, 'error')
  await eventually(() => expect(done).toHaveBeenCalledOnce())
})

test('who is still writing when it closes reads its last word all the same, and is not heard any more', async () => {
  const client = await Client.join()
  client.socket.pause()
  server.tell(HELLO)
  const done = vi.fn()
  server.close(done)
  server.tell(HELLO)
  for (let round = 0; round < 5; round++) {
    client.socket.write(frame(toLeaseCodec, STANDBY))
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  expect(client.closed).toBe(false)
  expect(done).not.toHaveBeenCalled()
  client.socket.resume()
  await eventually(() => expect(done).toHaveBeenCalledOnce())
  expect(client.words).toEqual([HELLO])
  expect(heard).not.toHaveBeenCalled()
})

test('who never reads does not hold it up', async () => {
  const client = await Client.join()
  client.socket.pause()
  server.tell(HELLO)
  const done = vi.fn()
  server.close(done)
  await eventually(() => expect(done).toHaveBeenCalledOnce())
  expect(client.words).toEqual([])
})
