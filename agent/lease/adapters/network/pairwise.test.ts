/** Keys of two nodes, over real sockets: nobody signs as another, and they change without one lost beat. */
import {
  FIRST_PAIR_KEY,
  type LeaseLink,
  type LeaseView,
  open as openDatagram,
  type Outgoing,
  type PairKeys,
  sealer,
} from '@lvsm/protocol'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { eventually } from '../../../../test/kit/eventually.ts'
import { keyring } from './keyring.ts'
import { openLinks, type UdpEvents, type UdpLinks } from './udp.ts'

/** Workers of one process share its number, so that other files have other networks. */
const port = 20_000 + (process.pid % 20_000)
const linksOf = (index: number): LeaseLink[] => [{ name: 'inside', address: `127.0.31.${index + 1}`, port }]
const NAMES = ['dir1', 'dir2', 'rs1']
const SHARED = [{ id: 1, algorithm: 'sha256', secret: 'cd'.repeat(32) }] as const
const [OLD, NEW] = [FIRST_PAIR_KEY + 129, FIRST_PAIR_KEY + 257]

/** What two nodes have between them under an id: the same for both, and for nobody else. */
const secretOf = (one: string, other: string, id: number): string =>
  Buffer.from(`${[one, other].sort().join(' and ')} ${id}`.padEnd(32, '.')).toString('hex')
type Stage = Omit<PairKeys, 'keys'> & { readonly ids: readonly number[] }
const PAIRWISE: Stage = { signWith: OLD, ids: [OLD], shared: false }
/** `stage` null: all nodes use the key that they share. */
const viewOf = (node: string, stage: Stage | null = PAIRWISE): LeaseView => ({
  cluster: 'lab',
  node,
  epoch: 1,
  revision: 1,
  timing: { keepaliveMs: 100, leaseMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 },
  nodes: NAMES.map((name, index) => {
    const common = { name, voter: true, links: linksOf(index) }
    if (name === node || stage === null) return common
    const { ids, signWith, shared } = stage
    return { ...common, pair: { signWith, shared, keys: ids.map((id) => ({ id, secret: secretOf(node, name, id) })) } }
  }),
  groups: [],
  keys: SHARED,
  signWith: 1,
})
const outgoing = (from: string, sequence = 1): Outgoing => ({
  from,
  incarnation: 'ab'.repeat(16),
  sequence,
  spread: 'one',
  piggybacked: null,
  message: { kind: 'heartbeat', revision: 1, standby: false, voters: '0123456789abcdef', groups: [] },
})

const received = vi.fn<UdpEvents['received']>()
const count = vi.fn<UdpEvents['count']>()
const unbelieved = vi.fn<Exclude<UdpEvents['unbelieved'], undefined>>()
const events: UdpEvents = { received, count, unbelieved, linkFailed: () => {}, linkBack: () => {} }
const silent: UdpEvents = { ...events, received: () => {}, count: () => {} }
const opened: UdpLinks[] = []
const open = (view: LeaseView, heard = silent): UdpLinks => {
  const one = openLinks(view, heard)
  opened.push(one)
  return one
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const say = (links: UdpLinks, to: string, sequence: number, from = 'dir1'): void =>
  links.send(outgoing(from, sequence), [
    { node: to, incarnation: null, route: { spread: 'all', heardOn: null, heartbeat: false, turn: 0 } },
  ])
/** From the address of a node, where its lease process does not listen. */
async function sendFrom(index: number, bytes: Uint8Array, to = 1): Promise<void> {
  const raw = createSocket('udp4')
  raw.bind(0, linksOf(index)[0]?.address)
  await once(raw, 'listening')
  await new Promise((sent) => raw.send(bytes, port, linksOf(to)[0]?.address, sent))
  raw.close()
}
const heard = (): [string, number][] => received.mock.calls.map(([{ from, sequence }]) => [from, sequence])
beforeEach(() => vi.resetAllMocks())
afterEach(() => {
  for (const one of opened.splice(0)) one.close()
})

describe('nobody signs as another', () => {
  /** What rs1 has: its own pairs, and what all share. Whoever spoofs an address stands where dir1 does. */
  const own = keyring(SHARED, viewOf('rs1').nodes)
  test.each([
    ['with the key that all share', 'drop-key', () => sealer(outgoing('dir1'), 'lab', 1, own)(null)],
    [
      'with its own key of the receiver',
      'drop-mac',
      () => sealer(outgoing('dir1'), 'lab', 1, own)(null, { keyId: OLD, peer: 'dir2' }),
    ],
    [
      'with the key that it has with whom it names',
      'drop-mac',
      () => sealer(outgoing('dir1'), 'lab', 1, own)(null, { keyId: OLD, peer: 'dir1' }),
    ],
  ])('%s', async (_, reason, make) => {
    open(viewOf('dir2'), events)
    await turn()
    await sendFrom(0, make())
    await eventually(() => expect(count.mock.calls).toEqual([[reason]]))
    expect(unbelieved.mock.calls, 'whose address it came from is told').toEqual([
      [['dir1'], { counter: reason, keyId: expect.any(Number) }],
    ])
    expect(received).not.toHaveBeenCalled()
  })

  test('nor from its own address, as itself with the shared key, or under a name that nobody has', async () => {
    open(viewOf('dir2'), events)
    await turn()
    await sendFrom(2, sealer(outgoing('rs1'), 'lab', 1, own)(null))
    await sendFrom(2, sealer(outgoing('dir1'), 'lab', 1, own)(null, { keyId: OLD, peer: 'dir2' }))
    await sendFrom(2, sealer(outgoing('rs9'), 'lab', 1, own)(null))
    await eventually(() => expect(count.mock.calls).toEqual([['drop-key'], ['drop-mac'], ['drop-source']]))
    await sendFrom(2, sealer(outgoing('rs1'), 'lab', 1, own)(null, { keyId: OLD, peer: 'dir2' }))
    await eventually(() => expect(heard()).toEqual([['rs1', 1]]))
  })
})

test('to each node with the key of the two, whatever it is that is said to all', async () => {
  const [first, second] = [open(viewOf('dir2'), events), open(viewOf('rs1'), events)]
  const links = open(viewOf('dir1'))
  await turn()
  const route = { spread: 'all', heardOn: null, heartbeat: false, turn: 0 } as const
  links.send(outgoing('dir1'), [
    { node: 'dir2', incarnation: 'cd'.repeat(16), route },
    { node: 'rs1', incarnation: 'ef'.repeat(16), route },
  ])
  await eventually(() =>
    expect(new Set(received.mock.calls.map(([{ to }]) => to))).toEqual(new Set(['cd'.repeat(16), 'ef'.repeat(16)])),
  )
  expect(count).not.toHaveBeenCalled()
  expect([first, second]).toHaveLength(2)
})

describe('keys change, node by node and in any order, and every beat is heard', () => {
  const BOTH = [OLD, NEW]
  test.each<[string, Stage | null, readonly Stage[]]>([
    [
      'from the key that all share',
      null,
      [
        { signWith: 0, ids: [OLD], shared: true },
        { signWith: OLD, ids: [OLD], shared: true },
        { signWith: OLD, ids: [OLD], shared: false },
      ],
    ],
    [
      'from old keys to new ones',
      PAIRWISE,
      [
        { signWith: OLD, ids: BOTH, shared: false },
        { signWith: NEW, ids: BOTH, shared: false },
        { signWith: NEW, ids: [NEW], shared: false },
      ],
    ],
  ])('%s', async (_, begin, stages) => {
    const [receiver, sender] = [open(viewOf('dir2', begin), events), open(viewOf('dir1', begin))]
    await turn()
    let sequence = 0
    const beat = (): void => say(sender, 'dir2', ++sequence)
    beat()
    for (const [at, stage] of stages.entries()) {
      const order: [UdpLinks, string][] = [
        [sender, 'dir1'],
        [receiver, 'dir2'],
      ]
      for (const [links, node] of at % 2 === 0 ? order : order.reverse()) {
        beat()
        links.rekey(viewOf(node, stage))
        beat()
      }
      // Everybody has a stage before the next begins; what is under way is older than that.
      await eventually(() => expect(heard()).toHaveLength(sequence))
    }
    expect(count).not.toHaveBeenCalled()
    // What signed at the beginning counts no more, on either side.
    const before = begin === null ? undefined : { keyId: OLD, peer: 'dir2' }
    await sendFrom(
      0,
      sealer(outgoing('dir1', ++sequence), 'lab', 1, keyring(SHARED, viewOf('dir1').nodes))(null, before),
    )
    await eventually(() => expect(count.mock.calls).toEqual([['drop-key']]))
  })
})

test('what a datagram costs does not grow with the nodes: one MAC of one key, and none where the key is not known', () => {
  const many = Array.from({ length: 200 }, (_, at) => ({
    name: `rs${at}`,
    pair: { signWith: OLD, shared: false, keys: [{ id: OLD, secret: secretOf('dir2', `rs${at}`, OLD) }] },
  }))
  const ring = keyring(SHARED, many)
  const asked: [number, string][] = []
  const counting = {
    macBytes: (id: number, peer: string) => ring.macBytes(id, peer),
    begin: (id: number, peer: string) => {
      asked.push([id, peer])
      return ring.begin(id, peer)
    },
  }
  const own = { keyId: OLD, peer: 'rs7' }
  const bytes = sealer(outgoing('rs7'), 'lab', 1, ring)(null, own)
  expect(openDatagram(bytes, 'lab', counting).ok).toBe(true)
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1
  expect(openDatagram(bytes, 'lab', counting)).toEqual({ ok: false, reason: 'mac' })
  expect(asked).toEqual([
    [OLD, 'rs7'],
    [OLD, 'rs7'],
  ])
  expect(openDatagram(sealer(outgoing('rs7'), 'lab', 1, ring)(null), 'lab', counting)).toEqual({
    ok: false,
    reason: 'key',
  })
  expect(asked).toHaveLength(2)
})
