/** What the loaded tables let through, hook by hook and direction by direction (FENCE.md, rows 1 to 4, 11 and 12). */
import { type LeaseGroup } from '@lvsm/protocol'
import { instant } from '@lvsm/base'
import { type ArpPacket, gratuitousArp } from '@lvsm/netlink'
import { beforeEach, describe, expect, test } from 'vitest'
import { FakeLinux } from '../../../../test/kit/linux.ts'
import { arpPacket, ipPacket, ipv6Packet, ofFrame, type Ways } from '../../../../test/kit/packets.ts'
import type { FencePart } from '../../core/events.ts'
import { KernelFence } from './fence.ts'

const MAC = '02:00:00:00:00:02'
const NEVER = instant(Number.POSITIVE_INFINITY)
const BOTH: readonly FencePart[] = ['announce', 'serve']
/** Two interfaces: clients outside, realservers inside. */
const WEB: LeaseGroup = {
  name: 'web',
  digest: '0000000000000000',
  directors: ['dir1'],
  addresses: [
    { address: '10.11.0.10', prefix: 24, ifindex: 2, kind: 'vip' },
    { address: '10.11.0.20', prefix: 24, ifindex: 2, kind: 'vip' },
    { address: '10.12.0.254', prefix: 24, ifindex: 3, kind: 'gateway' },
  ],
}
const MAIL: LeaseGroup = {
  ...WEB,
  name: 'mail',
  addresses: [
    { address: '10.11.0.11', prefix: 24, ifindex: 2, kind: 'vip' },
    { address: '10.13.0.254', prefix: 28, ifindex: 3, kind: 'gateway' },
  ],
}
const [CLIENT, REALSERVER, MAIL_REALSERVER] = ['192.0.2.1', '10.12.0.11', '10.13.0.241']
const SIX = ipv6Packet('2001:db8::1', '2001:db8::2')

let now = 0
let linux: FakeLinux
let fence: KernelFence
beforeEach(() => {
  now = 1000
  linux = new FakeLinux(() => now)
  linux.addLink(2, 'outside', MAC)
  linux.addLink(3, 'inside', '02:00:00:00:00:03')
  fence = new KernelFence(
    () => instant(now),
    (index) => linux.route.links.get(index)?.name,
    linux,
  )
  fence.build([WEB, MAIL], [])
})
const order = (op: 'open' | 'renew' | 'close', parts = BOTH, group = 'web'): void =>
  expect(fence.apply({ group, op, parts, timeoutMs: 200, notAfter: NEVER })).toMatchObject({ result: 'done' })

const arp = (operation: ArpPacket['operation'], senderIp: string, targetIp: string) =>
  arpPacket({ operation, senderIp, targetIp })

type Way = readonly [what: string, passes: (ways: Ways, address: string) => boolean]
const ANNOUNCE: readonly Way[] = [
  ['who-has it comes in', (ways, it) => ways.arpIn(arp('request', '10.11.0.77', it))],
  ['a probe for it comes in', (ways, it) => ways.arpIn(arp('request', '0.0.0.0', it))],
  ['an answer to it comes in', (ways, it) => ways.arpIn(arp('reply', '10.11.0.77', it))],
  ['its answer leaves', (ways, it) => ways.arpOut(arp('reply', it, '10.11.0.77'), 'outside')],
  ['who-has another tell it leaves', (ways, it) => ways.arpOut(arp('request', it, '10.11.0.77'), 'outside')],
  ['the kernel announces it', (ways, it) => ways.arpOut(arp('request', it, it), 'outside')],
  ['a packet socket announces it', (ways, it) => ways.raw(ofFrame(gratuitousArp(MAC, it)), 'outside')],
  [
    'a packet socket announces it by a reply',
    (ways, it) => ways.raw(ofFrame(gratuitousArp(MAC, it, 'reply')), 'inside'),
  ],
]
const SERVE: readonly Way[] = [
  ['a packet to it comes in', (ways, it) => ways.in(ipPacket(CLIENT, it))],
  ['a packet from it leaves', (ways, it) => ways.out(ipPacket(it, CLIENT))],
]
/** What is none of the fence's business, whatever the address. */
const OTHER: readonly Way[] = [
  ['its own probe leaves', (ways, it) => ways.raw(arp('request', '0.0.0.0', it), 'outside')],
  ['somebody asks who has another', (ways, it) => ways.arpIn(arp('request', it, '10.11.0.77'))],
  ['another is told to it', (ways, it) => ways.arpOut(arp('reply', '10.11.0.77', it), 'outside')],
  ['a packet from it comes in', (ways, it) => ways.in(ipPacket(it, CLIENT))],
  ['a packet to it leaves', (ways, it) => ways.out(ipPacket(CLIENT, it))],
  ['IP over the egress hook', (ways, it) => ways.raw(ipPacket(it, CLIENT), 'outside')],
  ['IPv6, where no group has addresses of it', (ways) => ways.through(SIX) && ways.raw(SIX, 'outside')],
]
const FORWARDED: Way = ['what a realserver sends through it', (ways) => ways.through(ipPacket(REALSERVER, CLIENT))]

const fate = (ways: readonly Way[], address: string): Record<string, boolean> =>
  Object.fromEntries(ways.map(([what, passes]) => [what, passes(linux.ways, address)]))
const all = (ways: readonly Way[], passes: boolean): Record<string, boolean> =>
  Object.fromEntries(ways.map(([what]) => [what, passes]))

describe.each(WEB.addresses.map(({ address }) => address))('%s', (address) => {
  test('is silent in every hook and direction while its group is closed', () => {
    expect(fate(ANNOUNCE, address)).toEqual(all(ANNOUNCE, false))
    expect(fate(SERVE, address)).toEqual(all(SERVE, false))
  })
  test('answers and announces while its group is open, and is silent when that runs out', () => {
    order('open')
    expect(fate([...ANNOUNCE, ...SERVE], address)).toEqual(all([...ANNOUNCE, ...SERVE], true))
    now += 199
    expect(fate([...ANNOUNCE, ...SERVE], address)).toEqual(all([...ANNOUNCE, ...SERVE], true))
    order('renew')
    now += 200
    expect(fate([...ANNOUNCE, ...SERVE], address)).toEqual(all([...ANNOUNCE, ...SERVE], false))
  })
  test('serves on while its announcements are closed for a move, and then no more', () => {
    order('open')
    order('close', ['announce'])
    expect(fate(ANNOUNCE, address)).toEqual(all(ANNOUNCE, false))
    expect(fate(SERVE, address)).toEqual(all(SERVE, true))
    order('close', ['serve'])
    expect(fate(SERVE, address)).toEqual(all(SERVE, false))
  })
  test('is not opened by another group', () => {
    order('open', BOTH, 'mail')
    expect(fate([...ANNOUNCE, ...SERVE], address)).toEqual(all([...ANNOUNCE, ...SERVE], false))
  })
  test('stays closed where the tables are built anew, also for a group that was open', () => {
    order('open')
    fence.build([WEB], [])
    expect(fate([...ANNOUNCE, ...SERVE], address)).toEqual(all([...ANNOUNCE, ...SERVE], false))
  })
  test('is left alone where only others are meant', () => {
    expect(fate(OTHER, address)).toEqual(all(OTHER, true))
  })
})

test('what no group has is let through everywhere', () => {
  const ways = [...ANNOUNCE, ...SERVE, ...OTHER]
  expect(fate(ways, '10.11.0.99')).toEqual(all(ways, true))
})

test('the egress hook looks at ARP only, whatever the bytes of another packet look like', () => {
  // Where ARP has its sender, this packet has the ends of its addresses.
  const alike = ipPacket('192.0.10.11', '0.10.2.1')
  expect([...alike.network.subarray(14, 18)]).toEqual([10, 11, 0, 10])
  expect(linux.ways.raw(alike, 'outside')).toBe(true)
})

describe('what realservers send through the gateway', () => {
  test('goes through only while its group serves', () => {
    expect(fate([FORWARDED], '')).toEqual(all([FORWARDED], false))
    order('open', ['announce'])
    expect(fate([FORWARDED], '')).toEqual(all([FORWARDED], false))
    order('open', ['serve'])
    expect(fate([FORWARDED], '')).toEqual(all([FORWARDED], true))
  })
  test('each network by its own group', () => {
    order('open')
    expect(linux.ways.through(ipPacket(MAIL_REALSERVER, CLIENT))).toBe(false)
    order('close')
    order('open', BOTH, 'mail')
    expect(linux.ways.through(ipPacket(MAIL_REALSERVER, CLIENT))).toBe(true)
    expect(linux.ways.through(ipPacket(REALSERVER, CLIENT))).toBe(false)
  })
  test('a network is no more than its prefix, and what comes from elsewhere is none of ours', () => {
    for (const source of ['10.13.0.239', '10.12.1.11', '10.11.0.77', CLIENT])
      expect([source, linux.ways.through(ipPacket(source, CLIENT))]).toEqual([source, true])
    for (const source of ['10.13.0.240', '10.13.0.254', '10.12.0.0', '10.12.0.255'])
      expect([source, linux.ways.through(ipPacket(source, CLIENT))]).toEqual([source, false])
  })
  test('what is sent to them is forwarded', () => {
    expect(linux.ways.through(ipPacket(CLIENT, REALSERVER))).toBe(true)
  })
})

test('what is dropped is counted, once, in the chain of its group; what passes is not', () => {
  const counted = (layer: 'arp' | 'inet' | 'netdev', group: string): number[] =>
    (linux.tables.table({ family: layer, table: 'lvsm' })?.chains.get(`group-${group}`)?.rules ?? [])
      .flatMap(({ expressions }) => expressions)
      .flatMap((one) => (one.kind === 'counter' ? [one.packets] : []))
  linux.ways.in(ipPacket(CLIENT, '10.11.0.10'))
  linux.ways.in(ipPacket(CLIENT, '10.11.0.20'))
  order('open')
  linux.ways.in(ipPacket(CLIENT, '10.11.0.10'))
  expect(counted('inet', 'web')).toEqual([2])
  expect(counted('inet', 'mail')).toEqual([0])
  linux.ways.arpIn(arp('request', '10.11.0.77', '10.11.0.11'))
  expect(counted('arp', 'mail')).toEqual([1])
  linux.ways.raw(arp('request', '10.11.0.11', '10.11.0.11'), 'inside')
  expect(counted('netdev', 'mail')).toEqual([1])
})

test('the hooks: before connection tracking on the way in, after everything on the way out, on each interface', () => {
  const hooks = (['arp', 'netdev', 'inet'] as const).flatMap((family) =>
    [...(linux.tables.table({ family, table: 'lvsm' })?.chains.values() ?? [])].flatMap(({ shape }) =>
      shape.hook
        ? [[family, shape.chain, shape.hook.number, shape.hook.priority, shape.hook.device, shape.policy]]
        : [],
    ),
  )
  expect(hooks).toEqual([
    ['arp', 'input', 0, 0, undefined, 'accept'],
    ['arp', 'output', 1, 0, undefined, 'accept'],
    ['netdev', 'egress-outside', 1, 0, 'outside', 'accept'],
    ['netdev', 'egress-inside', 1, 0, 'inside', 'accept'],
    ['inet', 'prerouting', 0, -300, undefined, 'accept'],
    ['inet', 'postrouting', 4, 300, undefined, 'accept'],
    ['inet', 'forward', 2, 0, undefined, 'accept'],
  ])
})

test('rules say whose they are', () => {
  const comments = linux.tables
    .table({ family: 'inet', table: 'lvsm' })
    ?.chains.get('group-web')
    ?.rules.map(({ comment }) => comment)
  expect(comments).toEqual(['web: while its lease lives', "web: somebody else's, or nobody's"])
})
