/** Sockets of checks end with them: of servers that do not answer the first packet, and of those that say nothing. */
import { readFileSync } from 'node:fs'
import { createServer, connect, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import { ask, OWN, Servers } from './fixture.ts'

const servers = new Servers()
const ends: (() => void)[] = []
afterEach(() => {
  servers.end()
  for (const end of ends.splice(0)) end()
})

/** Listens, and takes nothing: where its queue is full the kernel answers no first packet. */
const DEAF = `
const { createServer } = require('node:net')
const { parentPort } = require('node:worker_threads')
const server = createServer().listen({ port: 0, host: '${OWN}', backlog: 1 }, () => {
  parentPort.postMessage(server.address().port)
  setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
})`
async function deaf(): Promise<number> {
  const worker = new Worker(DEAF, { eval: true })
  ends.push(() => void worker.terminate())
  const port = await new Promise<number>((resolve) => worker.once('message', resolve))
  const waiting: Socket[] = []
  for (let count = 0; count < 4; count++) {
    const socket = connect(port, OWN)
    socket.on('error', () => undefined)
    waiting.push(socket)
    ends.push(() => socket.destroy())
  }
  await expect.poll(() => waiting.filter(({ connecting }) => !connecting).length, { timeout: 5000 }).toBe(2)
  for (const socket of waiting) if (socket.connecting) socket.destroy()
  return port
}

/** Sockets of this machine to that port, by their state (man 5 proc, /proc/net/tcp): 01 open, 02 nobody answered. */
function opened(port: number, state: string): number {
  const remote = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return readFileSync('/proc/self/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , to = '', is]) => to.endsWith(remote) && is === state).length
}

const KINDS = [
  ['connect', {}],
  ['tls', {}],
  ['http', {}],
  ['https', {}],
  ['http', { http2: true }],
  ['https', { http2: true }],
  ['grpc', {}],
  ['grpc', { tls: true }],
  ['smtp', {}],
] as const

describe('a check leaves no socket behind', () => {
  it('of a server that answers no first packet', async () => {
    for (const [kind, keys] of KINDS) {
      // A second time at one place asks a second question, which takes its time.
      const port = await deaf()
      expect((await ask(kind, port, keys, 100)).reason).toBe('no answer within 100 ms')
      await expect.poll(() => opened(port, '02'), { timeout: 1500, message: `${kind} ${JSON.stringify(keys)}` }).toBe(0)
    }
  })
  it('of a server that accepts connections and says nothing', async () => {
    const held: Socket[] = []
    const port = await servers.listen(
      createServer({ allowHalfOpen: true }, (socket) => void held.push(socket.resume())),
    )
    for (const [kind, keys] of KINDS) {
      await ask(kind, port, keys, 100)
      await expect.poll(() => opened(port, '01'), { timeout: 3000, message: `${kind} ${JSON.stringify(keys)}` }).toBe(0)
    }
    expect(held.length).toBeGreaterThanOrEqual(KINDS.length)
  })
})
