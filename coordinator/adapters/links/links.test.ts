import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { CoordinatorMessage, SnapshotBegin } from '@lvsm/protocol'
import type { InstallSnapshot } from '@lvsm/raft'
import { makeAuthority } from '@lvsm/trust'
import { freePort } from '../../../test/kit/free-port.ts'
import { RECORDED } from '../../../test/wire/recorded.ts'
import type { PeerMessage } from '../../ports.ts'
import { ask, coordinator, HOST, identityOf, introduce, line, meet, soon, visit } from './fixture.ts'
import { type Address, MESSAGES } from '../../../agent/nodelink/dial.ts'

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false

describe('the schemas', () => {
  it('have the types of Raft and of the ports: a value of either is one of the other', () => {
    const messages: Same<CoordinatorMessage, PeerMessage> = true
    const kinds: Same<CoordinatorMessage['kind'], PeerMessage['kind']> = true
    const snapshots: Same<Omit<SnapshotBegin, 'bytes'>, InstallSnapshot> = true
    expect([messages, kinds, snapshots]).toEqual([true, true, true])
  })
})

/** One of each kind. */
const KINDS = RECORDED.filter(({ border }) => border === 'peer').map(({ value }) => value as PeerMessage)

describe('three coordinators', () => {
  it('tell each other every kind of message, in its order', async () => {
    const all = [await coordinator(1), await coordinator(2), await coordinator(3)] as const
    introduce(...all)
    for (const from of all) for (const to of all) if (from !== to) await meet(from, to)
    const between = (from: number, to: number): PeerMessage[] => KINDS.map((message) => ({ ...message, from, to }))
    for (const from of all)
      for (const to of all) if (from !== to) for (const one of between(from.id, to.id)) from.links.send(one)
    for (const to of all)
      for (const from of all) {
        if (from === to) continue
        const come = () => to.heard.filter((message) => message.from === from.id)
        await expect.poll(come, soon).toEqual(between(from.id, to.id))
      }
    expect(KINDS).toHaveLength(17)
    for (const { troubles } of all) expect([...troubles]).toEqual([])
  })
  it('carry the largest entry that a log takes, and thousands of messages, each once', async () => {
    const [one, two] = [await coordinator(1), await coordinator(2)]
    introduce(one, two)
    await meet(one, two)
    const payload = '"'.repeat(4 << 20)
    one.links.send(ask(1, 2, 'large', payload))
    await expect.poll(() => two.heard.length, soon).toBe(1)
    expect(two.heard[0]).toMatchObject({ id: 'large' })
    expect(two.heard[0]?.kind === 'ask' && two.heard[0].payload === payload).toBe(true)
    for (let at = 0; at < 5000; at++) one.links.send(ask(1, 2, String(at)))
    await expect.poll(() => two.heard.length, soon).toBe(5001)
    expect(two.heard.slice(1).map((message) => message.kind === 'ask' && Number(message.id))).toEqual(
      Array.from({ length: 5000 }, (_, at) => at),
    )
  })
})

describe('reports of nodes', () => {
  it('leave the line to what is more urgent: few of them wait on it at a time', async () => {
    const [one, two] = [await coordinator(1), await coordinator(2)]
    introduce(one, two)
    await meet(one, two)
    const services = Array.from({ length: 2000 }, () => 'x'.repeat(100))
    const report = { boot: 'a', number: 1, whole: true, services, events: [] } as const
    for (let at = 0; at < 30; at++)
      one.links.send({ kind: 'report', from: 1, to: 2, name: 'rs1', ageMs: 0, report: { ...report, number: at + 1 } })
    one.links.send(ask(1, 2, 'urgent'))
    await expect.poll(() => two.heard.at(-1)?.kind, soon).toBe('ask')
    expect(two.heard.length).toBeLessThan(8)
    expect(one.counts.get('peer-unsent')).toBeGreaterThan(20)
  })
})

describe('who is known', () => {
  it('is cut at once when it is removed, both ways, and let in again when it is known again', async () => {
    const [one, two] = [await coordinator(1), await coordinator(2)]
    introduce(one, two)
    await Promise.all([meet(one, two), meet(two, one)])
    one.links.know([])
    one.links.send(ask(1, 2, 'late'))
    expect(one.counts.get('peer-unsent')).toBeGreaterThan(0)
    two.links.send(ask(2, 1, 'late'))
    await expect.poll(() => one.counts.get('drop-connection-key'), soon).toBeGreaterThan(0)
    expect(one.heard).toEqual([])
    introduce(one, two)
    await Promise.all([meet(one, two), meet(two, one)])
  })
  it('is told when it was removed, and only then: not before it was added, and not as another than it is', async () => {
    const [one, two, early] = [await coordinator(1), await coordinator(7), await coordinator(9)]
    for (const { links } of [two, early]) links.know([one.peer])
    one.links.know([one.peer], 6)
    await expect.poll(() => one.counts.get('drop-connection-key'), soon).toBeGreaterThan(4)
    expect([two.removedBy, early.removedBy]).toEqual([[], []])
    one.links.know([one.peer], 8)
    await expect.poll(() => two.removedBy[0], soon).toBe(1)
    await expect.poll(() => two.troubles.get('peer 1')?.message, soon).toContain('this coordinator was removed')
    expect(early.removedBy).toEqual([])
    one.links.know([one.peer, two.peer], 8)
    await Promise.all([meet(one, two), meet(two, one)])
  })
  it('is nobody any more when its key is another', async () => {
    const [one, two] = [await coordinator(1), await coordinator(2)]
    introduce(one, two)
    await Promise.all([meet(one, two), meet(two, one)])
    const { key } = await identityOf('again')
    one.links.know([{ ...two.peer, key }])
    await expect.poll(() => one.troubles.get('peer 2')?.message, soon).toContain('another key answers')
    await expect.poll(() => two.troubles.get('peer 1')?.message, soon).toContain('does not know this node')
    expect(one.troubles.get('peer 2')?.hint).toContain('join again')
  })
  it('is dialled anew where it is now, and stays where it still is', async () => {
    const [one, two] = [await coordinator(1), await coordinator(2)]
    introduce(one, two)
    await Promise.all([meet(one, two), meet(two, one)])
    const way = await line(two.peer.addresses[0] as (typeof two.peer.addresses)[number])
    one.links.know([{ ...two.peer, addresses: [way.address, ...two.peer.addresses] }])
    one.links.send(ask(1, 2, 'goes on'))
    await expect.poll(() => two.heard.length, soon).toBe(1)
    one.links.know([{ ...two.peer, addresses: [way.address] }])
    await meet(one, two)
    way.rate = 0
    await expect.poll(() => one.counts.get('peer-lost'), soon).toBe(1)
  })
  it('says itself where it is now, before any record does', async () => {
    const [one, two] = [await coordinator(1), await coordinator(2)]
    introduce(one, two)
    await Promise.all([meet(one, two), meet(two, one)])
    await two.links.end()
    await expect.poll(() => one.troubles.get('peer 2'), soon).toMatchObject({ code: 'peer-unreachable' })
    // On a port that nobody has heard of.
    const port = await freePort()
    const moved = await coordinator(2, { identity: two.identity, port })
    expect(moved.peer.addresses).not.toEqual(two.peer.addresses)
    moved.links.know([one.peer])
    await Promise.all([meet(one, moved), meet(moved, one)])
    await expect.poll(() => one.troubles.size, soon).toBe(0)
    // A record of before changes nothing about that, and one that has come no more.
    one.links.know([{ ...two.peer, addresses: [...two.peer.addresses, { host: '127.0.0.1', port: 1 }] }])
    one.links.know([moved.peer])
    one.links.send(ask(1, 2, 'still'))
    await expect.poll(() => moved.heard.length, soon).toBe(1)
    expect(one.counts.get('peer-lost') ?? 0).toBe(0)
  })
  it('is reached by the one address of several that leads there', async () => {
    const [one, two] = [await coordinator(1), await coordinator(2)]
    const dead = [
      { host: '127.0.0.1', port: 1 },
      { host: 'nowhere.invalid', port: 2 },
      { host: '127.0.0.1', port: 70_000 },
      { host: '', port: 1.5 },
      { host: '\0', port: 1 },
      { host: 'a b/ü', port: 1 },
    ]
    one.links.know([{ ...two.peer, addresses: [...dead, ...two.peer.addresses] }])
    two.links.know([one.peer])
    await meet(one, two)
  })
  it('speaks over its newest connection only', async () => {
    const [one, two] = [await coordinator(1), await identityOf('two')]
    one.links.know([{ id: 2, addresses: [{ host: '127.0.0.1', port: 1 }], key: two.key }])
    const first = await visit(one, two, MESSAGES)
    const second = await visit(one, two, MESSAGES)
    first.send(JSON.stringify({ v: 1, ...ask(2, 1, 'old') }))
    second.send(JSON.stringify({ v: 1, ...ask(2, 1, 'new') }))
    await expect.poll(() => one.heard, soon).toEqual([ask(2, 1, 'new')])
    await expect.poll(() => first.readyState, soon).toBe(first.CLOSED)
  })
})

describe('a peer that comes back', () => {
  it('is connected again after its restart, and its trouble is over', async () => {
    const [one, two] = [await coordinator(1), await coordinator(2)]
    introduce(one, two)
    await meet(one, two)
    await two.links.end()
    await expect.poll(() => one.troubles.get('peer 2'), soon).toMatchObject({ code: 'peer-unreachable' })
    expect(one.troubles.get('peer 2')?.message).toContain('ECONNREFUSED')
    const { port } = two.peer.addresses[0] as { port: number }
    const again = await coordinator(2, { identity: two.identity, port })
    again.links.know([one.peer, again.peer])
    await Promise.all([meet(one, again), meet(again, one)])
    await expect.poll(() => [...one.troubles], soon).toEqual([])
  })
})

describe('a peer that is away', () => {
  /** A place where somebody connects, and is sent away: how often. */
  async function place(): Promise<{ address: Address; visits: () => number; close(): Promise<void> }> {
    let visits = 0
    const server = createServer((socket) => {
      visits += 1
      socket.on('error', () => undefined).destroy()
    })
    server.listen(0, HOST)
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const close = async (): Promise<void> => {
      if (!server.listening) return
      server.close()
      await once(server, 'close')
    }
    onTestFinished(close)
    return { address: { host: HOST, port }, visits: () => visits, close }
  }
  it('is dialled again and again, with pauses that end at the longest', async () => {
    const [one, two] = [await coordinator(1), await identityOf('two')]
    const { address, visits } = await place()
    one.links.know([{ id: 2, addresses: [address], key: two.key }])
    // Pauses that went on to double would take minutes for so many.
    await expect.poll(visits, soon).toBeGreaterThan(14)
  })
  it('is dialled at once when it comes by itself, however long the pause is', async () => {
    const [one, two] = [await coordinator(1, { options: { backoffMs: [120_000, 120_000] } }), await identityOf('two')]
    const { address, visits, close } = await place()
    one.links.know([{ id: 2, addresses: [address], key: two.key }])
    await expect.poll(visits, soon).toBe(1)
    await close()
    const back = await coordinator(2, { identity: two, port: address.port })
    back.links.know([one.peer])
    await Promise.all([meet(back, one), meet(one, back)])
  })
  it('is no trouble any more when it is no peer any more', async () => {
    const [one, two] = [await coordinator(1), await identityOf('two')]
    one.links.know([{ id: 2, addresses: [{ host: HOST, port: 1 }], key: two.key }])
    await expect.poll(() => one.troubles.get('peer 2'), soon).toMatchObject({ code: 'peer-unreachable' })
    one.links.know([])
    expect([...one.troubles]).toEqual([])
  })
})

describe('the end', () => {
  it('lets go of the port, of all connections, and calls nobody', async () => {
    const [one, two] = [await coordinator(1), await coordinator(2)]
    introduce(one, two)
    await Promise.all([meet(one, two), meet(two, one)])
    await one.links.end()
    one.links.know([two.peer])
    one.links.send(ask(1, 2, 'late'))
    const { port } = one.peer.addresses[0] as { port: number }
    const next = await coordinator(3, { port })
    expect(next.server.endpoints).toEqual(one.peer.addresses)
    expect(two.heard).toEqual([])
  })
  it('of a port that cannot be had is a refusal that names it', async () => {
    const { port } = (await coordinator(1)).peer.addresses[0] as { port: number }
    await expect(coordinator(2, { port })).rejects.toThrow('EADDRINUSE')
  })
  it('of keys that do not fit is a refusal, not an exception', async () => {
    const [one, two] = [await identityOf('one'), await identityOf('two')]
    const authority = (await makeAuthority('other')).certificate
    const broken = { ...one, certificate: one.certificate.replace('MII', 'MIX') }
    for (const identity of [
      { ...one, privateKey: two.privateKey },
      broken,
      { ...one, authority: '-----BEGIN' },
      { ...one, authority },
    ])
      await expect(coordinator(1, { identity })).rejects.toThrow('no use together')
  })
})
