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
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { eventually } from '../../../test/kit/eventually.ts'
import { type IpcEvents, type IpcServer, serveIpc } from './ipc.ts'

const STANDBY: ToLease = { kind: 'standby', on: true, reason: 'works' }
const HELLO: FromLease = { kind: 'hello', incarnation: 'ab'.repeat(16), version: 1 }
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
  const SIZE = 400 * 1024
  const other = await Client.join()
  const lazy = async (words: number): Promise<Client> => {
    const client = await Client.join()
    client.socket.pause()
    const before = other.words.length
    for (let told = 1; told <= words; told++) {
      server.tell(relay(SIZE))
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
  expect(done).toHaveBeenCalledOnce()
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
