import { type LeaseLink, type LeaseView, type Outgoing, sealer } from '@lvsm/protocol'
import { createSocket, type Socket } from 'node:dgram'
import type * as Datagrams from 'node:dgram'
import { once } from 'node:events'
import type { Route } from '@lvsm/heartbeat'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { eventually } from '../../../../test/kit/eventually.ts'
import type { Addressee } from '../../ports.ts'
import { keyring } from './keyring.ts'
import { openLinks, type UdpEvents, type UdpLinks } from './udp.ts'

/** Those that were opened here, to break one of them. */
const made = vi.hoisted((): Socket[] => [])
vi.mock('node:dgram', async (original) => {
  const real = await original<typeof Datagrams>()
  return {
    ...real,
    createSocket: (...args: Parameters<typeof real.createSocket>) => {
      const socket = real.createSocket(...args)
      made.push(socket)
      return socket
    },
  }
})

const secret = 'cd'.repeat(32)
/** Workers of one process share its number, so that other files have other networks. */
const port = 20_000 + (process.pid % 20_000)
const NETWORKS = ['inside', 'outside', 'third']
const linksOf = (index: number, count = 2): LeaseLink[] =>
  NETWORKS.slice(0, count).map((name, network) => ({ name, address: `127.0.${network + 1}.${index + 1}`, port }))
const viewOf = (node: string, rest: Partial<LeaseView> = {}): LeaseView => ({
  cluster: 'lab',
  node,
  epoch: 1,
  revision: 1,
  timing: { keepaliveMs: 100, leaseMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 },
  nodes: ['dir1', 'dir2'].map((name, index) => ({ name, voter: true, links: linksOf(index) })),
  groups: [],
  keys: [{ id: 1, algorithm: 'sha256', secret }],
  signWith: 1,
  ...rest,
})
const outgoing: Outgoing = {
  from: 'dir1',
  incarnation: 'ab'.repeat(16),
  sequence: 1,
  spread: 'one',
  piggybacked: null,
  message: { kind: 'heartbeat', revision: 1, standby: false, voters: '0123456789abcdef', groups: [] },
}
const ALL: Route = { spread: 'all', heardOn: null, heartbeat: false, turn: 0 }
const to = (route: Partial<Route> = {}, rest: Partial<Addressee> = {}): Addressee[] => [
  { node: 'dir2', incarnation: null, route: { ...ALL, ...route }, ...rest },
]

const received = vi.fn<UdpEvents['received']>()
const count = vi.fn<UdpEvents['count']>()
const linkFailed = vi.fn<UdpEvents['linkFailed']>()
const linkBack = vi.fn<UdpEvents['linkBack']>()
const events = { received, count, linkFailed, linkBack }
const silent: UdpEvents = { received: () => {}, count: () => {}, linkFailed: () => {}, linkBack: () => {} }
const opened: UdpLinks[] = []
const links = (view: LeaseView, heard = silent): UdpLinks => {
  const one = openLinks(view, heard)
  opened.push(one)
  return one
}
/** Bound in a later turn of the event loop. */
const ready = async (...some: UdpLinks[]): Promise<void> => {
  await eventually(() => expect(some.length).toBeGreaterThan(0))
  await new Promise((resolve) => setImmediate(resolve))
}
const bound = (socket: Socket): { address: string } | null => {
  try {
    return socket.address()
  } catch {
    return null
  }
}
/** Somebody who speaks from there, from whatever port. */
const speaker = async (address: string): Promise<Socket> => {
  const raw = createSocket('udp4')
  raw.bind(0, address)
  await once(raw, 'listening')
  return raw
}
const sequences = (): number[] => received.mock.calls.map(([datagram]) => datagram.sequence)
const byLink = (): number[] => received.mock.calls.map(([, link]) => link)
beforeEach(() => vi.resetAllMocks())
afterEach(() => {
  for (const one of opened.splice(0)) one.close()
})

describe('what goes over two links', () => {
  test('is heard once, whole, with the link by which it came first', async () => {
    const pair = [links(viewOf('dir2'), events), links(viewOf('dir1'))] as const
    await ready(...pair)
    for (let sequence = 1; sequence <= 20; sequence++)
      pair[1].send({ ...outgoing, sequence }, to({}, { incarnation: 'cd'.repeat(16) }))
    await eventually(() => expect(sequences()).toHaveLength(20))
    await eventually(() => expect(new Set(sequences()).size).toBe(20))
    expect(received.mock.calls[0]?.[0]).toEqual({ ...outgoing, to: 'cd'.repeat(16) })
    expect(count).not.toHaveBeenCalled()
  })

  test('is a replay when it comes again over either', async () => {
    links(viewOf('dir2'), events)
    const bytes = sealer(outgoing, 'lab', 1, keyring(viewOf('dir1').keys))(null)
    const raw = await Promise.all([1, 2].map((network) => speaker(`127.0.${network}.1`)))
    const send = (network: number): void => raw[network - 1]?.send(bytes, port, `127.0.${network}.2`)
    send(1)
    await eventually(() => expect(byLink()).toEqual([0]))
    send(2)
    send(2)
    await eventually(() => expect(count.mock.calls).toEqual([['drop-replay']]))
    send(1)
    await eventually(() => expect(count.mock.calls).toEqual([['drop-replay'], ['drop-replay']]))
    expect(received).toHaveBeenCalledOnce()
    for (const one of raw) one.close()
  })
})

test.each([
  ['the one by which the peer was heard last', { spread: 'one', heardOn: 1 }, [1]],
  ['the other one', { spread: 'one', heardOn: 0 }, [0]],
  ['by turns', { spread: 'one', heartbeat: true, turn: 1 }, [1]],
  ['by turns, the next', { spread: 'one', heartbeat: true, turn: 2 }, [0]],
  ['all', { spread: 'all', heardOn: 1 }, [0, 1]],
] as const)('goes over the link that its route chooses: %s', async (_, route, expected) => {
  const raw = NETWORKS.slice(0, 2).map(() => createSocket('udp4'))
  const heard: number[] = []
  await Promise.all(
    raw.map(async (socket, index) => {
      socket.on('message', () => heard.push(index))
      socket.bind(port, `127.0.${index + 1}.2`)
      await once(socket, 'listening')
    }),
  )
  const sender = links(viewOf('dir1'))
  await ready(sender)
  sender.send(outgoing, to(route))
  await eventually(() => expect(heard.toSorted((a, b) => a - b)).toEqual(expected))
  for (const socket of raw) socket.close()
})

describe('links', () => {
  test('are there at once', async () => {
    const sender = links(viewOf('dir1'), events)
    sender.send(outgoing, to())
    await ready(sender)
    expect(count).not.toHaveBeenCalled()
  })

  test('are matched by their names, whatever their order and however many', async () => {
    const nodes = [
      { name: 'dir1', voter: true, links: linksOf(0, 3) },
      { name: 'dir2', voter: true, links: linksOf(1, 3).reverse().slice(0, 2) },
    ]
    const [receiver, sender] = [links(viewOf('dir2', { nodes }), events), links(viewOf('dir1', { nodes }))]
    await ready(receiver, sender)
    sender.send(outgoing, to({ spread: 'one', heardOn: 2 }))
    await eventually(() => expect(byLink()).toEqual([0]))
    sender.send({ ...outgoing, sequence: 2 }, to({ spread: 'one', heardOn: 1 }))
    await eventually(() => expect(byLink()).toEqual([0, 1]))
  })

  test('that are none of the peer, or a peer that nobody knows, are counted', async () => {
    const nodes = [
      { name: 'dir1', voter: true, links: linksOf(0, 1) },
      { name: 'dir2', voter: true, links: linksOf(1, 2).slice(1) },
    ]
    const sender = links(viewOf('dir1', { nodes }), events)
    await ready(sender)
    sender.send(outgoing, to())
    sender.send(outgoing, to({}, { node: 'rs9' }))
    expect(count.mock.calls).toEqual([['send-link-down'], ['send-link-down']])
    const nobody = links(viewOf('rs9'), events)
    nobody.send(outgoing, to())
    expect(count).toHaveBeenCalledTimes(3)
  })

  test('over which nothing can be sent are counted, by what the kernel says', async () => {
    const nodes = [
      { name: 'dir1', voter: true, links: linksOf(0, 1) },
      { name: 'dir2', voter: true, links: [{ name: 'inside', address: '192.0.2.1', port }] },
    ]
    const unsent = vi.fn<Required<UdpEvents>['unsent']>()
    const sender = links(viewOf('dir1', { nodes }), { ...events, unsent })
    await ready(sender)
    sender.send(outgoing, to())
    await eventually(() => expect(count.mock.calls).toEqual([['send-EINVAL']]))
    expect(unsent.mock.calls).toEqual([[{ node: 'dir2', way: 'over inside (192.0.2.1)', code: 'EINVAL' }]])
  })
})

describe('what is dropped is counted, and goes no further', () => {
  test.each([
    ['drop-mac', viewOf('dir1', { keys: [{ id: 1, algorithm: 'sha256', secret: '00'.repeat(32) }] })],
    ['drop-key', viewOf('dir1', { keys: [{ id: 2, algorithm: 'sha256', secret }], signWith: 2 })],
    ['drop-cluster', viewOf('dir1', { cluster: 'elsewhere' })],
  ])('%s', async (reason, theirs) => {
    const [, sender] = [links(viewOf('dir2'), events), links(theirs)]
    await ready(sender)
    sender.send(outgoing, to({ spread: 'one', heardOn: 0 }))
    await eventually(() => expect(count.mock.calls).toEqual([[reason]]))
    // It was not authentic, and is none that could be a copy or a replay.
    sender.send(outgoing, to({ spread: 'one', heardOn: 0 }))
    await eventually(() => expect(count.mock.calls).toEqual([[reason], [reason]]))
    expect(received).not.toHaveBeenCalled()
  })

  test('garbage and old versions, by reason', async () => {
    links(viewOf('dir2'), events)
    const old = sealer(outgoing, 'lab', 1, keyring(viewOf('dir1').keys))(null)
    old[0] = 77
    const raw = await speaker('127.0.1.1')
    for (const bytes of [Buffer.from('hello'), Buffer.alloc(0), old]) raw.send(bytes, port, '127.0.1.2')
    await eventually(() => expect(count.mock.calls).toEqual([['drop-version'], ['drop-short'], ['drop-version']]))
    raw.close()
    expect(received).not.toHaveBeenCalled()
  })
})

test('one key signs, and all are accepted', async () => {
  const keys = [
    { id: 1, algorithm: 'sha256', secret },
    { id: 2, algorithm: 'sha1', secret: 'ef'.repeat(20) },
  ] as const
  const pair = [links(viewOf('dir2', { keys }), events), links(viewOf('dir1', { keys, signWith: 2 }))] as const
  const only = links({ ...viewOf('dir1', { keys: keys.slice(1), signWith: 2 }), nodes: [] })
  await ready(...pair, only)
  pair[1].send(outgoing, to())
  await eventually(() => expect(received).toHaveBeenCalledOnce())
})

describe('a port that is in use', () => {
  test('is told before the links are open, once; the other one goes on, and the first comes back when it can', async () => {
    const rival = createSocket('udp4')
    rival.bind(port, '127.0.1.2')
    await once(rival, 'listening')
    links(viewOf('dir2'), events)
    // Who opens them decides by this whether to go on.
    expect(linkFailed.mock.calls).toEqual([[linksOf(1)[0], expect.objectContaining({ code: 'EADDRINUSE' })]])
    const sender = links(viewOf('dir1'))
    await ready(sender)
    sender.send(outgoing, to())
    await eventually(() => expect(byLink()).toEqual([1]))
    rival.close()
    await eventually(() => expect(linkBack.mock.calls).toEqual([[linksOf(1)[0]]]))
    sender.send({ ...outgoing, sequence: 2 }, to({ spread: 'one', heardOn: 0 }))
    await eventually(() => expect(byLink()).toEqual([1, 0]))
    expect(linkFailed).toHaveBeenCalledOnce()
  })

  test('is tried each second, without another word, and what is to be sent meanwhile is counted', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
    try {
      const rival = createSocket('udp4')
      rival.bind(port, '127.0.1.1')
      await once(rival, 'listening')
      const nodes = viewOf('dir1').nodes.map((node) => ({ ...node, links: node.links.slice(0, 1) }))
      const sender = links(viewOf('dir1', { nodes }), events)
      sender.send(outgoing, to())
      expect(count.mock.calls).toEqual([['send-link-down']])
      for (let times = 0; times < 3; times++) {
        vi.advanceTimersByTime(1000)
        await turn()
      }
      expect(linkFailed).toHaveBeenCalledOnce()
      await new Promise<void>((resolve) => rival.close(resolve))
      vi.advanceTimersByTime(999)
      await turn()
      await turn()
      expect(linkBack).not.toHaveBeenCalled()
      vi.advanceTimersByTime(1)
      while (linkBack.mock.calls.length === 0) await turn()
      sender.send(outgoing, to())
      expect(count).toHaveBeenCalledTimes(1)
      // Who gave up tries no more.
      openLinks(viewOf('dir1', { nodes }), silent).close()
      const { length } = made
      vi.advanceTimersByTime(5000)
      expect(made).toHaveLength(length)
    } finally {
      vi.useRealTimers()
    }
  })

  test('or a link that breaks later, is told again when it was back in between', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
    try {
      made.splice(0)
      const sender = links(viewOf('dir1'), events)
      while (made.some((socket) => !bound(socket))) await turn()
      for (const times of [1, 2]) {
        made.findLast((socket) => bound(socket)?.address === '127.0.1.1')?.emit('error', new Error('network is gone'))
        expect(linkFailed).toHaveBeenCalledTimes(times)
        sender.send(outgoing, to({ spread: 'one', heardOn: 0 }))
        expect(count).not.toHaveBeenCalled()
        vi.advanceTimersByTime(1000)
        while (linkBack.mock.calls.length < times) await turn()
      }
    } finally {
      vi.useRealTimers()
    }
  })

  test('is not shared with whoever would share it', async () => {
    await ready(links(viewOf('dir2'), events))
    const rival = createSocket({ type: 'udp4', reuseAddr: true })
    rival.bind(port, '127.0.1.2')
    const [error] = await once(rival, 'error')
    expect(error).toMatchObject({ code: 'EADDRINUSE' })
    rival.close()
  })

  test('may be one of our own: nobody shares it', async () => {
    const first = links(viewOf('dir2'))
    await ready(first)
    links(viewOf('dir2'), events)
    expect(linkFailed.mock.calls.map(([link, error]) => [link.name, error.code])).toEqual([
      ['inside', 'EADDRINUSE'],
      ['outside', 'EADDRINUSE'],
    ])
  })
})

test('an address that is not here is told too', () => {
  const nodes = [{ name: 'dir1', voter: true, links: [{ name: 'inside', address: '192.0.2.1', port }] }]
  links(viewOf('dir1', { nodes }), events)
  expect(linkFailed.mock.calls.map(([, error]) => error.code)).toEqual(['EADDRNOTAVAIL'])
})

test('what is closed is free at once, hears nothing more, and is not tried again', async () => {
  const first = openLinks(viewOf('dir2'), events)
  await ready(first)
  first.close()
  const next = links(viewOf('dir2'), { ...silent, linkFailed })
  expect(linkFailed).not.toHaveBeenCalled()
  const waiting = openLinks(viewOf('dir2'), { ...silent, linkBack })
  waiting.close()
  const sender = links(viewOf('dir1'))
  await ready(next, sender)
  sender.send(outgoing, to())
  await new Promise((resolve) => setImmediate(resolve))
  expect(received).not.toHaveBeenCalled()
  first.send(outgoing, to())
  expect(count.mock.calls).toEqual([['send-link-down']])
})

test('what is said over one link goes over the other where the kernel has no way by the first; a heartbeat tells of its link and stays', async () => {
  // Whoever did not ask for it may not send there: EACCES.
  const [inside, outside] = linksOf(1)
  const nodes = [
    { name: 'dir1', voter: true, links: linksOf(0) },
    { name: 'dir2', voter: true, links: [{ ...inside!, address: '255.255.255.255' }, outside!] },
  ]
  const one = links(viewOf('dir1', { nodes }), { ...silent, count })
  // It is bound by its own view.
  const other = links(viewOf('dir2'), events)
  await ready(one, other)
  const word = { ...outgoing, message: { kind: 'relay', payload: new Uint8Array([1]) } } as const
  one.send(outgoing, to({ spread: 'one', heartbeat: true, turn: 0 }))
  one.send({ ...word, sequence: 2 }, to({ spread: 'one', heardOn: 0 }))
  await eventually(() => expect(received).toHaveBeenCalled())
  expect(received.mock.calls.map(([datagram, link]) => [datagram.sequence, link])).toEqual([[2, 1]])
  expect(count.mock.calls.filter(([name]) => name.startsWith('send-'))).toHaveLength(2)
})
