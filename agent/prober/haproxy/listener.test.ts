/** On real ports of this machine. */
import { type AddressInfo, connect, createServer } from 'node:net'
import { createSocket } from 'node:dgram'
import type { AgentFact, FromListener } from '@lvsm/protocol'
import { afterEach, expect, it } from 'vitest'
import { eventually } from '../../../test/kit/eventually.ts'
import { freePort } from '../../../test/kit/free-port.ts'
import { AgentListener } from './listener.ts'
import { listens } from './sockets.ts'

const OWN = '127.0.0.1'
const HTTP: AgentFact = { service: 'http', admin: 'ready', up: true, percent: 60, why: '', listens: null }
const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})
async function open() {
  const said: FromListener[] = []
  let now = 10_000
  const listener = new AgentListener(
    (word) => void said.push(word),
    () => now,
  )
  const port = await freePort()
  listener.hear({ agentListen: { address: OWN, port } })
  ends.push(() => listener.hear({ agentListen: null }))
  await eventually(() => expect(said).toEqual([{ agentUnheard: null }]))
  const ask = (text: string | null): Promise<string> =>
    new Promise((resolve, reject) => {
      let heard = ''
      const socket = connect({ host: OWN, port }, () => void (text === null ? null : socket.write(text)))
      socket.on('data', (chunk) => (heard += String(chunk)))
      socket.on('close', () => resolve(heard))
      socket.on('error', reject)
    })
  return { listener, said, port, ask, pass: (ms: number) => (now += ms) }
}

it('tells who connects one line, of the node or of the service that it names, and closes', async () => {
  const { listener, ask } = await open()
  listener.hear({ agent: [HTTP], isLast: false })
  expect(await ask('http\n'), 'not all of it is there').toBe('')
  listener.hear({ agent: [{ ...HTTP, service: 'mail', admin: 'drain' }], isLast: true })
  expect(await Promise.all([ask(null), ask('http\n'), ask('mail\r\n'), ask('mail'), ask('other\n')])).toEqual([
    'ready up 60%\n',
    'ready up 60%\n',
    'drain up 60%\n',
    'drain up 60%\n',
    '',
  ])
})

it('says nothing of an agent that has been silent', async () => {
  const { listener, ask, pass } = await open()
  listener.hear({ agent: [HTTP], isLast: true })
  pass(3000)
  expect(await ask('http\n')).toBe('ready up 60%\n')
  pass(1)
  expect(await ask('http\n')).toBe('')
})

it('outlives strangers: who sends nothing, too much, or goes away', async () => {
  const { listener, ask, port } = await open()
  listener.hear({ agent: [HTTP], isLast: true })
  const strangers = Array.from({ length: 40 }, (_, at) => {
    const socket = connect({ host: OWN, port }, () => (at % 2 === 0 ? socket.resetAndDestroy() : undefined))
    socket.on('error', () => undefined)
    ends.push(() => socket.destroy())
    return socket
  })
  expect(strangers).toHaveLength(40)
  expect(await ask('x'.repeat(100_000)).catch(() => '')).toBe('')
  await eventually(async () => expect(await ask('http\n')).toBe('ready up 60%\n'))
})

it('a port that somebody else has is told, and taken when it is free', async () => {
  const other = createServer()
  const port = await freePort()
  await new Promise<void>((done) => other.listen(port, OWN, done))
  const said: FromListener[] = []
  const listener = new AgentListener(
    (word) => void said.push(word),
    () => 0,
  )
  ends.push(() => listener.hear({ agentListen: null }))
  listener.hear({ agentListen: { address: OWN, port } })
  await eventually(() => expect(said).toEqual([{ agentUnheard: 'EADDRINUSE' }]))
  await new Promise((done) => other.close(done))
  listener.hear({ agentListen: { address: OWN, port } })
  await eventually(() => expect(said.at(-1)).toEqual({ agentUnheard: null }))
})

it('who listens is what the kernel says', async () => {
  const server = createServer().listen(0, '0.0.0.0')
  ends.push(() => void server.close())
  const udp = createSocket('udp4')
  ends.push(() => void udp.close())
  await Promise.all([
    new Promise((done) => server.once('listening', done)),
    new Promise<void>((done) => udp.bind(0, OWN, done)),
  ])
  const tcp = { protocol: 'tcp', port: (server.address() as AddressInfo).port, addresses: ['10.0.0.1'] } as const
  expect(listens(tcp)).toBe(true)
  expect(listens({ ...tcp, port: await freePort() })).toBe(false)
  const bound = { protocol: 'udp', port: udp.address().port, addresses: [OWN] } as const
  expect([listens(bound), listens({ ...bound, addresses: ['10.0.0.1'] })]).toEqual([true, false])
})
