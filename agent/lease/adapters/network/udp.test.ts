import { createSocket } from 'node:dgram'
import type { LeaseView } from '@lvsm/lease'
import { type Outgoing, sealer } from '@lvsm/wire'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keyring } from './keyring.ts'
import { openLinks, type UdpEvents, type UdpLinks } from './udp.ts'

const secret = 'cd'.repeat(32)
const port = 20_000 + (process.pid % 20_000)
const viewOf = (node: string, cluster = 'lab', key = secret): LeaseView => ({
  cluster,
  node,
  epoch: 1,
  revision: 1,
  timing: { keepaliveMs: 100, termMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 },
  nodes: ['dir1', 'dir2'].map((name, index) => ({
    name,
    voter: true,
    links: [
      { name: 'inside', address: `127.0.1.${index + 1}`, port },
      { name: 'outside', address: `127.0.2.${index + 1}`, port },
    ],
  })),
  groups: [],
  keys: [{ id: 1, algorithm: 'sha256', secret: key }],
  signWith: 1,
})
const outgoing: Outgoing = {
  from: 'dir1',
  incarnation: 'ab'.repeat(16),
  sequence: 1,
  spread: 'one',
  rider: null,
  message: { kind: 'beat', revision: 1, standby: false, groups: [] },
}

const about = { group: 'web', digest: '0123456789abcdef', epoch: 1 }
const request = { kind: 'request' as const, ...about, termMs: 350, number: 1 }
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
beforeEach(() => vi.resetAllMocks())
afterEach(() => {
  for (const one of opened.splice(0)) one.close()
})

test('what goes over two links is heard once', async () => {
  links(viewOf('dir2'), events)
  const sender = links(viewOf('dir1'))
  let sequence = 0
  await vi.waitFor(() => {
    sender.send({ ...outgoing, sequence: ++sequence, spread: 'all', message: request }, [
      { node: 'dir2', incarnation: null },
    ])
    expect(received.mock.calls.length).toBeGreaterThan(5)
  })
  const heard = received.mock.calls.map(([datagram]) => datagram.sequence)
  expect(new Set(heard).size).toBe(heard.length)
  expect(count).not.toHaveBeenCalled()
})

test('a first try goes over the link by which the peer was heard last', async () => {
  const heardByDir1 = vi.fn<UdpEvents['received']>()
  links(viewOf('dir2'), events)
  const dir1 = links(viewOf('dir1'), { ...silent, received: heardByDir1 })
  const keys = keyring(viewOf('dir1').keys)
  const raw = createSocket('udp4')
  let sequence = 0
  for (const link of [1, 0, 1]) {
    heardByDir1.mockClear()
    await vi.waitFor(() => {
      const bytes = sealer({ ...outgoing, from: 'dir2', sequence: ++sequence }, 'lab', 1, keys)(null)
      raw.send(bytes, port, `127.0.${link + 1}.1`)
      expect(heardByDir1).toHaveBeenCalled()
    })
    received.mockClear()
    await vi.waitFor(() => {
      dir1.send({ ...outgoing, sequence: ++sequence, message: request }, [{ node: 'dir2', incarnation: null }])
      expect(received.mock.calls.length).toBeGreaterThan(2)
    })
    expect(new Set(received.mock.calls.map(([, index]) => index))).toEqual(new Set([link]))
  }
  raw.close()
})

test('beats take turns over the links, and one that comes again is a replay', async () => {
  links(viewOf('dir2'), events)
  const sender = links(viewOf('dir1'))
  await vi.waitFor(() => {
    sender.send(outgoing, [{ node: 'dir2', incarnation: null }])
    expect(count).toHaveBeenCalledWith('drop-replay')
  })
  expect(received).toHaveBeenCalledOnce()
  expect(received.mock.calls[0]?.[0]).toEqual({ ...outgoing, to: null })
})

test.each([
  ['drop-mac', viewOf('dir1', 'lab', '00'.repeat(32))],
  ['drop-cluster', viewOf('dir1', 'elsewhere')],
])('%s is counted and goes no further', async (reason, theirs) => {
  links(viewOf('dir2'), events)
  const sender = links(theirs)
  await vi.waitFor(() => {
    sender.send(outgoing, [{ node: 'dir2', incarnation: null }])
    expect(count).toHaveBeenCalledWith(reason)
  })
  expect(received).not.toHaveBeenCalled()
})

test('garbage and old versions are counted by reason', async () => {
  links(viewOf('dir2'), events)
  const keys = keyring(viewOf('dir1').keys)
  const old = sealer(outgoing, 'lab', 1, keys)(null)
  old[0] = 77
  const raw = createSocket('udp4')
  await vi.waitFor(() => {
    raw.send(Buffer.from('hello'), port, '127.0.1.2')
    raw.send(Buffer.alloc(0), port, '127.0.1.2')
    raw.send(old, port, '127.0.1.2')
    expect(new Set(count.mock.calls.map(([reason]) => reason))).toEqual(new Set(['drop-version', 'drop-short']))
  })
  raw.close()
  expect(received).not.toHaveBeenCalled()
})

test('a port in use is reported for its link, the other one goes on, and the first comes back when it can', async () => {
  const rival = createSocket('udp4')
  let sequence = 0
  await new Promise<void>((resolve) => rival.bind(port, '127.0.1.2', resolve))
  links(viewOf('dir2'), events)
  const sender = links(viewOf('dir1'))
  await vi.waitFor(() => {
    sender.send({ ...outgoing, sequence: ++sequence }, [{ node: 'dir2', incarnation: null }])
    expect(linkFailed).toHaveBeenCalledOnce()
    expect(received.mock.calls.some(([, link]) => link === 1)).toBe(true)
  })
  expect(linkFailed.mock.calls[0]?.[1]).toMatchObject({ code: 'EADDRINUSE' })
  expect(received.mock.calls.every(([, link]) => link === 1)).toBe(true)
  rival.close()
  await vi.waitFor(
    () => {
      sender.send({ ...outgoing, sequence: ++sequence }, [{ node: 'dir2', incarnation: null }])
      expect(received.mock.calls.some(([, link]) => link === 0)).toBe(true)
    },
    { timeout: 5000 },
  )
  expect(linkBack).toHaveBeenCalledOnce()
  expect(linkFailed).toHaveBeenCalledOnce()
})
