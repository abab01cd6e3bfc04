import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { Reach } from './reach.ts'

const HOST = '127.0.0.1'
const asked = { token: { id: '00000000', secret: '' }, name: 'rs9', word: '5a'.repeat(16) }

/** A machine that listens for UDP and TCP, and counts who comes by TCP. */
async function machine() {
  const socket = createSocket('udp4').on('message', (bytes, { port, address }) => socket.send(bytes, port, address))
  socket.bind(0, HOST)
  await once(socket, 'listening')
  const one = { visits: 0 }
  const server = createServer((visitor) => {
    one.visits += 1
    visitor.on('error', () => undefined).destroy()
  })
  server.listen(0, HOST)
  await once(server, 'listening')
  onTestFinished(() => {
    socket.close()
    server.close()
  })
  const address = server.address()
  const tcp = { host: HOST, port: typeof address === 'object' && address ? address.port : 0 }
  return { one, udp: { host: HOST, port: socket.address().port }, tcp }
}

it('so many machines are tried at the same time, and others as soon as those have their answer', async () => {
  const { udp } = await machine()
  const [reach, body] = [new Reach(), { ...asked, udp, tcp: [] }]
  for (let round = 0; round < 3; round++) {
    const eight = Array.from({ length: 8 }, () => reach.try(body))
    expect(await reach.try(body)).toBeNull()
    expect(await Promise.all(eight)).toEqual(Array(8).fill({ from: HOST, answered: true, tcp: [] }))
  }
})

it('nobody makes a coordinator look up names', async () => {
  const { one, udp, tcp } = await machine()
  const report = await new Reach().try({
    ...asked,
    udp: { ...udp, host: 'localhost' },
    tcp: [{ ...tcp, host: 'localhost' }, tcp],
  })
  expect(report).toEqual({ from: '', answered: false, tcp: ['no address', null] })
  expect(one.visits).toBe(1)
})
