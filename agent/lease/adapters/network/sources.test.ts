/** Whose datagrams count, by where they come from, over real sockets; and what a burst of them does. */
import { type LeaseLink, type LeaseView, type Outgoing, sealer } from '@lvsm/protocol'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { eventually } from '../../../../test/kit/eventually.ts'
import { keyring } from './keyring.ts'
import { peerAddresses } from './sources.ts'
import { openLinks, type UdpEvents, type UdpLinks } from './udp.ts'

const secret = 'cd'.repeat(32)
/** Workers of one process share its number, so that other files have other networks. */
const port = 20_000 + (process.pid % 20_000)
const linksOf = (index: number): LeaseLink[] =>
  ['inside', 'outside'].map((name, network) => ({ name, address: `127.0.${network + 21}.${index + 1}`, port }))
const NODES = ['dir1', 'dir2', 'rs1'].map((name, index) => ({ name, voter: true, links: linksOf(index) }))
const VIEW: LeaseView = {
  cluster: 'lab',
  node: 'dir2',
  epoch: 1,
  revision: 1,
  timing: { keepaliveMs: 100, leaseMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 },
  nodes: NODES,
  groups: [],
  keys: [{ id: 1, algorithm: 'sha256', secret }],
  signWith: 1,
}
const outgoing: Outgoing = {
  from: 'dir1',
  incarnation: 'ab'.repeat(16),
  sequence: 1,
  spread: 'one',
  piggybacked: null,
  message: { kind: 'heartbeat', revision: 1, standby: false, voters: '0123456789abcdef', groups: [] },
}
const keys = keyring(VIEW.keys)
const sealed = (from = 'dir1', sequence = 1): Uint8Array =>
  sealer({ ...outgoing, from, sequence }, 'lab', 1, keys)(null)

const received = vi.fn<UdpEvents['received']>()
const count = vi.fn<UdpEvents['count']>()
const events: UdpEvents = { received, count, linkFailed: () => {}, linkBack: () => {} }
const opened: UdpLinks[] = []
const listen = (view = VIEW, before: LeaseView | null = null): void => {
  opened.push(openLinks(view, events, before))
}
/** Somebody who speaks from there, from whatever port. */
const speaker = async (address: string): Promise<Socket> => {
  const raw = createSocket('udp4')
  raw.bind(0, address)
  await once(raw, 'listening')
  return raw
}
const send = async (from: string, to: string, bytes: Uint8Array): Promise<void> => {
  const raw = await speaker(from)
  await new Promise((sent) => raw.send(bytes, port, to, sent))
  raw.close()
}
const sequences = (): number[] => received.mock.calls.map(([datagram]) => datagram.sequence)
beforeEach(() => vi.resetAllMocks())
afterEach(() => {
  for (const one of opened.splice(0)) one.close()
})

/** dir1 has other addresses, rs1 is gone. */
const MOVED: LeaseView = {
  ...VIEW,
  revision: 2,
  nodes: NODES.slice(0, 2).with(0, { name: 'dir1', voter: true, links: linksOf(6) }),
}

describe('what does not come from where its node is', () => {
  test.each([
    ['a stranger', '127.0.0.1', 'dir1'],
    ['the address that its node has on another link', '127.0.22.1', 'dir1'],
    ["another node's address", '127.0.21.3', 'dir1'],
    ['our own address, in our own name', '127.0.21.2', 'dir2'],
  ])('is dropped, whatever its signature: %s', async (_, from, name) => {
    listen()
    await send(from, '127.0.21.2', sealed(name))
    await eventually(() => expect(count.mock.calls).toEqual([['drop-source']]))
    // It is none that could make a replay of the honest one.
    await send('127.0.21.1', '127.0.21.2', sealed())
    await eventually(() => expect(sequences()).toEqual([1]))
    expect(count).toHaveBeenCalledOnce()
  })

  test('is dropped before its signature is looked at', async () => {
    listen()
    await send('127.0.0.1', '127.0.21.2', Buffer.from('hello'))
    await eventually(() => expect(count.mock.calls).toEqual([['drop-source']]))
  })

  test('counts from the address of the view before, until its node was heard from the new one', async () => {
    listen(MOVED, VIEW)
    await send('127.0.21.1', '127.0.21.2', sealed('dir1', 1))
    await send('127.0.21.7', '127.0.21.2', sealed('dir1', 2))
    await send('127.0.21.1', '127.0.21.2', sealed('dir1', 3))
    await eventually(() => expect(count.mock.calls).toEqual([['drop-source']]))
    expect(sequences()).toEqual([1, 2])
  })
})

test('a burst of a thousand waits in the buffer while the process is at work, and is read in portions', async () => {
  listen()
  const raw = await speaker('127.0.21.1')
  raw.connect(port, '127.0.21.2')
  await once(raw, 'connect')
  // A connected socket sends at once: nobody reads meanwhile.
  for (let sequence = 1; sequence <= 1000; sequence++) raw.send(sealed('dir1', sequence))
  let [most, before] = [0, 0]
  while (sequences().length < 1000) {
    await new Promise((resolve) => setImmediate(resolve))
    most = Math.max(most, sequences().length - before)
    before = sequences().length
  }
  expect(most).toBeLessThanOrEqual(64)
  expect(count).not.toHaveBeenCalled()
  raw.close()
})

test('the addresses of a link: what its peers have, and what those had before that moved', () => {
  expect(peerAddresses(VIEW, null, 'inside')).toEqual(['127.0.21.1', '127.0.21.3'])
  expect(peerAddresses(MOVED, VIEW, 'outside')).toEqual(['127.0.22.7', '127.0.22.1'])
  expect(peerAddresses(MOVED, MOVED, 'outside')).toEqual(['127.0.22.7'])
  expect(peerAddresses(VIEW, null, 'elsewhere')).toEqual([])
})
