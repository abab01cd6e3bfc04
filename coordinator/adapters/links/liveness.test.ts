import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { MESSAGES } from '../../../agent/nodelink/dial.ts'
import {
  ask,
  AUTHORITY,
  coordinator,
  type Coordinator,
  FAST,
  HOST,
  type Identity,
  identityOf,
  introduce,
  line,
  meet,
  soon,
  visit,
} from './fixture.ts'
import { NodeServer } from './node-server.ts'

const CHILD = join(import.meta.dirname, 'fixture-child.ts')
/** Peer 2 in a process of its own, which knows `one`, and says what it hears. */
async function child(
  one: Coordinator,
  identity: Identity,
): Promise<{ process: ChildProcess; port: number; said: string[] }> {
  const words = [CHILD, JSON.stringify({ identity, peers: [one.peer] })]
  const process_ = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void process_.kill('SIGKILL'))
  const said: string[] = []
  createInterface(process_.stdout).on('line', (text) => said.push(text))
  await expect.poll(() => said.length, soon).toBeGreaterThan(0)
  return { process: process_, port: Number(said[0]), said }
}

describe('a peer that is stopped', () => {
  it('is given up, what is sent to it is dropped, and it is there again when it goes on', async () => {
    const options = { bufferBytes: 1 << 20, connectMs: 1000 }
    const [one, identity] = [await coordinator(1, { options }), await identityOf('two')]
    const two = await child(one, identity)
    one.links.know([{ id: 2, addresses: [{ host: HOST, port: two.port }], key: identity.key }])
    const hears = (id: string) => (): boolean => {
      one.links.send(ask(1, 2, id))
      return two.said.includes(id)
    }
    await expect.poll(hears('before'), soon).toBe(true)
    await expect.poll(() => one.heard.length, soon).toBeGreaterThan(0)
    two.process.kill('SIGSTOP')
    const payload = 'x'.repeat(1 << 20)
    for (let at = 0; at < 64; at++) one.links.send(ask(1, 2, 'much', payload))
    expect(one.counts.get('peer-unsent')).toBeGreaterThan(20)
    // Its connection to us, and ours to it.
    await expect.poll(() => one.counts.get('peer-lost'), soon).toBeGreaterThanOrEqual(2)
    await expect.poll(() => one.troubles.get('peer 2')?.code, { timeout: 40_000 }).toBe('peer-unreachable')
    two.process.kill('SIGCONT')
    await expect.poll(hears('after'), soon).toBe(true)
    await expect.poll(() => [...one.troubles], soon).toEqual([])
  })
})

describe('a peer that does not read', () => {
  it('costs a bounded memory, and its connection', async () => {
    const [one, identity] = [await coordinator(1, { options: { bufferBytes: 1 << 20 } }), await identityOf('two')]
    const told = { count: () => undefined, trouble: () => undefined }
    const server = new NodeServer(identity, told, FAST)
    onTestFinished(() => server.close())
    const upgrades = new WebSocketServer({ noServer: true })
    let visits = 0
    server.serve(MESSAGES, ({ request, socket, head }) => {
      visits += 1
      upgrades.handleUpgrade(request, socket, head, (peer) => peer.pause())
      return true
    })
    await server.listen([{ host: HOST, port: 0 }])
    one.links.know([{ id: 2, addresses: server.endpoints, key: identity.key }])
    await expect.poll(() => visits, soon).toBe(1)
    const payload = 'x'.repeat(1 << 18)
    const isFull = (): boolean => {
      for (let at = 0; at < 100; at++) one.links.send(ask(1, 2, 'much', payload))
      return (one.counts.get('peer-lost') ?? 0) > 0
    }
    const before = process.memoryUsage().external
    await expect.poll(isFull, soon).toBe(true)
    expect(one.counts.get('peer-unsent')).toBeGreaterThan(100)
    expect(process.memoryUsage().external - before).toBeLessThan(64 << 20)
    await expect.poll(() => visits, soon).toBeGreaterThan(1)
  })
})

describe('a line', () => {
  it('that dies without a word is given up on both ends, and left when another leads there', async () => {
    const [one, two] = [await coordinator(1), await coordinator(2)]
    const way = await line(two.peer.addresses[0] as (typeof two.peer.addresses)[number])
    one.links.know([{ ...two.peer, addresses: [way.address, ...two.peer.addresses] }])
    two.links.know([one.peer])
    await meet(one, two)
    way.rate = 0
    await expect.poll(() => one.counts.get('peer-lost'), soon).toBe(1)
    await meet(one, two)
    expect([...one.troubles]).toEqual([])
  })
  it('that is slow is not dead: a message takes as long as it takes', async () => {
    const [one, two] = [await coordinator(1), await coordinator(2)]
    const way = await line(two.peer.addresses[0] as (typeof two.peer.addresses)[number], 2 << 20)
    one.links.know([{ ...two.peer, addresses: [way.address] }])
    two.links.know([one.peer])
    await meet(one, two)
    // Four times as long as silence may be.
    one.links.send(ask(1, 2, 'large', 'x'.repeat(4 << 20)))
    await expect.poll(() => two.heard.length, soon).toBe(1)
    expect([one.counts.get('peer-lost'), two.counts.get('peer-lost')]).toEqual([undefined, undefined])
  })
  it('on which a peer says nothing at all, not even that it lives, is cut', async () => {
    const [one, known] = [await coordinator(1), await identityOf('two')]
    one.links.know([{ id: 2, addresses: [{ host: HOST, port: 1 }], key: known.key }])
    const socket = await visit(one, known, MESSAGES)
    await once(socket, 'close')
    expect(one.counts.get('peer-lost')).toBe(1)
  })
})

describe('two of the same key', () => {
  it('do not take turns without a pause', async () => {
    const one = await coordinator(1)
    const two = await coordinator(2)
    introduce(one, two)
    await meet(two, one)
    const clone = await coordinator(2, { identity: two.identity })
    clone.links.know([one.peer])
    await expect.poll(() => [two, clone].some(({ troubles }) => troubles.has('peer 1')), soon).toBe(true)
    expect(AUTHORITY.certificate).toBe(one.identity.authority)
  })
})
