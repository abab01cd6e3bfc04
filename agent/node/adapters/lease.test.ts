/** The lease process's words come over a stream: in pieces, and from one connection after the other. */
import { type FromLease, frame, fromLeaseCodec } from '@lvsm/protocol'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../../../test/kit/eventually.ts'
import type { LeaseProcess } from '../ports.ts'
import { connectLease } from './lease.ts'

const HELLO = frame(fromLeaseCodec, { kind: 'hello', incarnation: 'x', version: 1 })
const note = (reason: string): FromLease => ({
  kind: 'event',
  event: { at: 1, group: 'web', kind: 'note', number: 1, reason },
})
const event = (reason: string): Uint8Array => frame(fromLeaseCodec, note(reason))

let heard: unknown[] = []
const connections: Socket[] = []
let server: Server
let lease: LeaseProcess

/** The lease process's end of the connection of this number, counted from 0. */
const connection = (number: number): Promise<Socket> =>
  eventually(() => {
    const found = connections[number]
    if (!found) throw new Error('nobody has connected yet')
    return found
  })
/** Long enough for what was written to be read by itself. */
async function says(socket: Socket, part: Uint8Array): Promise<void> {
  await new Promise((written) => socket.write(part, written))
  for (let turns = 0; turns < 20; turns++) await new Promise((next) => setImmediate(next))
}

beforeEach(async () => {
  heard = []
  const path = join(mkdtempSync(join(tmpdir(), 'lvsm-')), 'lease.sock')
  server = createServer((socket) => void connections.push(socket)).listen(path)
  await once(server, 'listening')
  lease = connectLease(path, {
    up: () => heard.push('up'),
    down: () => heard.push('down'),
    heard: (word) => heard.push(word.kind === 'hello' ? 'hello' : word),
    count: (name) => heard.push(name),
  })
})
afterEach(() => {
  lease.close()
  for (const socket of connections.splice(0)) socket.destroy()
  server.close()
})

test('a word in two halves, with a pause between them, is one word', async () => {
  const first = await connection(0)
  await says(first, HELLO)
  for (const at of [1, 4, 7]) {
    await says(first, event(`cut at ${at}`).subarray(0, at))
    await says(first, event(`cut at ${at}`).subarray(at))
  }
  const words = [1, 4, 7].map((at) => note(`cut at ${at}`))
  await eventually(() => expect(heard).toEqual(['up', 'hello', ...words]))
})

test.each([1, 4, 7])(
  'half a word and the end, after %i bytes, is none: the next connection is read from its own first byte',
  async (at) => {
    const first = await connection(0)
    await says(first, HELLO)
    await says(first, event('half').subarray(0, at))
    first.end()
    await says(await connection(1), HELLO)
    await says(await connection(1), event('whole'))
    await eventually(() => expect(heard).toEqual(['up', 'hello', 'down', 'up', 'hello', note('whole')]))
  },
)
