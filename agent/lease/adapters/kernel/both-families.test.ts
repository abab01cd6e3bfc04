/** A group with addresses of both families: how they stand, what announces them, who else claims them, and what guards them. */
import { type LeaseAddress, type LeaseGroup } from '@lvsm/protocol'
import { instant } from '@lvsm/base'
import { NETLINK } from '@lvsm/kernel'
import {
  gratuitousArp,
  neighbourProbe,
  nftables as nft,
  rtnetlink as rt,
  unsolicitedAdvertisement,
} from '@lvsm/netlink'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { lets } from '../../../../test/kit/bpf.ts'
import { FakeLinux } from '../../../../test/kit/linux.ts'
import { arpPacket, ipPacket, ipv6Packet, neighbourPacket, ofFrame, type Packet } from '../../../../test/kit/packets.ts'
import type { FenceOp, FencePart } from '../../core/events.ts'
import { FloatingAddresses } from './addresses.ts'
import { openRivals } from './address-conflict.ts'
import { KernelFence } from './fence.ts'

const DONE = { result: 'done', error: '' }
const NEVER = instant(Number.POSITIVE_INFINITY)
const [OWN, RIVAL] = ['02:00:00:00:00:02', '02:00:00:00:00:99']
const [VIP, VIP6, OTHER6, CLIENT6] = ['10.11.0.10', '2001:db8:11::10', '2001:db8:11::77', '2001:db8:99::1']
const on = (address: string, prefix: number): LeaseAddress => ({ address, prefix, ifindex: 2, kind: 'vip' })
const groupOf = (name: string, ...addresses: LeaseAddress[]): LeaseGroup => ({
  name,
  digest: '',
  directors: ['dir1'],
  addresses,
})
const WEB = groupOf('web', on(VIP, 24), on(VIP6, 64))
const MAIL = groupOf('mail', on('10.11.0.11', 24))

let now = 0
let linux: FakeLinux
beforeEach(() => {
  now = 1000
  linux = new FakeLinux(() => now)
  linux.addLink(2, 'left', OWN)
})

describe('addresses', () => {
  let addresses: FloatingAddresses
  beforeEach(() => {
    addresses = new FloatingAddresses(() => instant(now), linux)
  })
  const standing = () => linux.route.addresses.map(({ local }) => local)

  test('of IPv6 count at once, are no source, bear our mark, and end by themselves', () => {
    expect(addresses.add(WEB, 3)).toEqual(DONE)
    const { noPrefixRoute, noDad } = rt.ADDRESS_FLAG
    expect(linux.route.addresses[1]).toEqual({
      ...{ index: 2, local: VIP6, prefix: 64, label: '', flags: noPrefixRoute | noDad },
      ...{ protocol: 76, preferredSeconds: 0, endsAt: 4000 },
    })
    now = 3900
    expect(addresses.add(WEB, 3)).toEqual(DONE)
    now = 6800
    linux.route.tick()
    expect(standing()).toEqual([VIP, VIP6])
  })
  test('are announced each in the words of its family, by whoever has the lease', () => {
    expect(addresses.announce(WEB, NEVER)).toEqual(DONE)
    expect(linux.sent.map(({ frame }) => frame)).toEqual([gratuitousArp(OWN, VIP), unsolicitedAdvertisement(OWN, VIP6)])
    expect(addresses.announce(WEB, instant(now))).toMatchObject({ result: 'refused' })
    expect(linux.sent).toHaveLength(2)
  })
  test('are asked for, where they stand, without a claim', () => {
    addresses.add(WEB, 3)
    addresses.probe([WEB])
    expect(linux.sent.map(({ frame }) => ofFrame(frame).protocol)).toEqual([0x0806, 0x86dd])
    expect(linux.sent[1]?.frame).toEqual(neighbourProbe(OWN, VIP6))
  })
  test('of both families are missed, taken off, and swept; nobody else’s are', () => {
    addresses.add(WEB, 3)
    expect(addresses.missing([WEB])).toEqual([])
    const stranger = linux.openNetlink(NETLINK.route)
    stranger.apply([rt.deleteAddress({ index: 2, local: VIP6, prefix: 64 })])
    expect(addresses.missing([WEB])).toEqual([WEB])
    addresses.add(WEB, 3)
    expect(addresses.remove(WEB)).toEqual(DONE)
    expect(standing()).toEqual([])
    addresses.add(WEB, 3)
    // One of a router's giving, which has an end too; and an alias of ours, which has none.
    stranger.apply([rt.newAddress({ index: 2, local: OTHER6, prefix: 64, validSeconds: 60 })])
    const alias = { index: 2, local: '2001:db8:11::20', prefix: 128, protocol: 76, preferredSeconds: 0 }
    stranger.apply([rt.newAddress({ ...alias, validSeconds: rt.FOREVER })])
    expect(new FloatingAddresses(() => instant(now), linux).sweep()).toEqual(DONE)
    expect(standing()).toEqual([OTHER6, '2001:db8:11::20'])
  })
})

describe('rivals', () => {
  const heard: string[] = []
  beforeEach(() => {
    vi.useFakeTimers()
    heard.length = 0
    const rivals = openRivals(
      () => OWN,
      (group, mac, { address }) => heard.push(`${group} ${address} ${mac}`),
      linux,
    )
    rivals.watch([WEB, MAIL])
  })
  afterEach(() => void vi.useRealTimers())
  const arrive = (frame: Uint8Array): string[] => {
    heard.length = 0
    linux.arrive(2, frame)
    vi.advanceTimersByTime(1000)
    return [...heard]
  }
  const from = (mac: string, packet: Packet): Uint8Array =>
    Uint8Array.from([...new Uint8Array(6), ...unsolicitedAdvertisement(mac, VIP6).subarray(6, 14), ...packet.network])

  test('who advertises it, or asks for another from it, claims it', () => {
    expect(arrive(unsolicitedAdvertisement(RIVAL, VIP6))).toEqual([`web ${VIP6} ${RIVAL}`])
    const asks = neighbourPacket('solicitation', { source: VIP6, destination: 'ff02::1:ff00:77', target: OTHER6 })
    expect(arrive(from(RIVAL, asks))).toEqual([`web ${VIP6} ${RIVAL}`])
    expect(arrive(gratuitousArp(RIVAL, VIP))).toEqual([`web ${VIP} ${RIVAL}`])
  })
  test('who asks for it, advertises another, or is this machine, does not', () => {
    expect(arrive(neighbourProbe(RIVAL, VIP6))).toEqual([])
    const asks = neighbourPacket('solicitation', { source: OTHER6, destination: 'ff02::1:ff00:10', target: VIP6 })
    expect(arrive(from(RIVAL, asks))).toEqual([])
    expect(arrive(unsolicitedAdvertisement(RIVAL, OTHER6))).toEqual([])
    // Alike in its last word.
    expect(arrive(unsolicitedAdvertisement(RIVAL, '2001:db8:12::10'))).toEqual([])
    expect(arrive(unsolicitedAdvertisement(OWN, VIP6))).toEqual([])
    expect(arrive(from(RIVAL, ipv6Packet(VIP6, CLIENT6)))).toEqual([])
  })
  test('each family has a socket where it has addresses, and the kernel hands out nothing else', () => {
    expect(linux.ears.map(({ options: { ethertype } }) => ethertype)).toEqual([0x0806, 0x86dd])
    const program = linux.ears[1]?.program ?? []
    expect(lets(program, unsolicitedAdvertisement(RIVAL, VIP6))).toBe(true)
    expect(lets(program, unsolicitedAdvertisement(RIVAL, OTHER6))).toBe(false)
    expect(lets(program, neighbourProbe(RIVAL, VIP6))).toBe(false)
    expect(lets(program, from(RIVAL, ipv6Packet(VIP6, CLIENT6)))).toBe(false)
  })
  test.each([1, 249, 250, 251, 1000, 3500, 4100])('the kernel looks among %i addresses', (count) => {
    const many = Array.from({ length: count }, (_, at) => on(`2001:db8:20::${(at + 1).toString(16)}`, 64))
    const rivals = openRivals(
      () => OWN,
      () => undefined,
      linux,
    )
    rivals.watch([groupOf('web', ...many)])
    const program = linux.ears.at(-1)?.program ?? []
    for (const { address } of [many[0], many[count >> 1], many.at(-1)] as LeaseAddress[])
      expect(lets(program, unsolicitedAdvertisement(RIVAL, address))).toBe(true)
    expect(lets(program, unsolicitedAdvertisement(RIVAL, '2001:db8:20::ffff'))).toBe(count > 4000)
  })
})

describe('the fence', () => {
  let fence: KernelFence
  beforeEach(() => {
    fence = new KernelFence(
      () => instant(now),
      () => 'left',
      linux,
    )
    expect(fence.build([WEB, MAIL], [])).toMatchObject(DONE)
  })
  const BOTH: readonly FencePart[] = ['announce', 'serve']
  const order = (op: FenceOp, parts = BOTH): void =>
    expect(fence.apply({ group: 'web', op, parts, timeoutMs: 200, notAfter: NEVER })).toMatchObject(DONE)
  const nd = neighbourPacket
  const solicited = { destination: 'ff02::1:ff00:10', target: VIP6 }
  const passes = {
    announce: () => [
      linux.ways.in(nd('solicitation', { source: CLIENT6, ...solicited })),
      linux.ways.in(nd('solicitation', { source: '::', ...solicited })),
      linux.ways.out(nd('advertisement', { source: 'fe80::2', destination: 'ff02::1', target: VIP6 })),
      linux.ways.raw(ofFrame(unsolicitedAdvertisement(OWN, VIP6)), 'left'),
      linux.ways.arpIn(arpPacket({ senderIp: '10.11.0.77', targetIp: VIP })),
    ],
    serve: () => [
      linux.ways.in(ipv6Packet(CLIENT6, VIP6)),
      linux.ways.out(ipv6Packet(VIP6, CLIENT6)),
      linux.ways.in(ipPacket('192.0.2.1', VIP)),
    ],
    /** Announcements that are packets from the address: both parts have to be open. */
    both: () => [
      linux.ways.out(nd('advertisement', { source: VIP6, destination: 'ff02::1', target: VIP6 })),
      linux.ways.out(nd('solicitation', { source: VIP6, destination: 'ff02::1:ff00:77', target: OTHER6 })),
      linux.ways.in(nd('solicitation', { source: CLIENT6, destination: VIP6, target: VIP6 })),
    ],
    others: () => [
      linux.ways.raw(ofFrame(neighbourProbe(OWN, VIP6)), 'left'),
      linux.ways.in(nd('solicitation', { source: VIP6, destination: 'ff02::1:ff00:77', target: OTHER6 })),
      linux.ways.in(nd('advertisement', { source: VIP6, destination: 'ff02::1', target: VIP6 })),
      linux.ways.out(nd('solicitation', { source: 'fe80::2', destination: 'ff02::1:ff00:10', target: VIP6 })),
      linux.ways.in(ipv6Packet(VIP6, OTHER6)),
      linux.ways.out(ipv6Packet(CLIENT6, VIP6)),
      linux.ways.through(ipv6Packet(CLIENT6, OTHER6)),
    ],
  }
  const seen = () => Object.fromEntries(Object.entries(passes).map(([part, list]) => [part, [...new Set(list())]]))

  test('closed, lets neither family through, in no direction; open, both', () => {
    expect(seen()).toEqual({ announce: [false], serve: [false], both: [false], others: [true] })
    order('open')
    expect(seen()).toEqual({ announce: [true], serve: [true], both: [true], others: [true] })
    now += 199
    order('renew')
    now += 199
    expect(seen()).toEqual({ announce: [true], serve: [true], both: [true], others: [true] })
    now += 1
    expect(seen()).toEqual({ announce: [false], serve: [false], both: [false], others: [true] })
  })
  test('in a planned switchover serves on without a word about itself, in both families', () => {
    order('open')
    order('close', ['announce'])
    expect(seen()).toEqual({ announce: [false], serve: [true], both: [false], others: [true] })
  })
  test('what ran out in one family brings neither back', () => {
    order('open')
    const set = { family: 'inet', table: 'lvsm', set: 'open-web' } as const
    linux.tables.transact([nft.deleteElements(set, [{ key: nft.ethertypeKey(0x86dd) }])])
    const renewal = { group: 'web', op: 'renew', parts: BOTH, timeoutMs: 200, notAfter: NEVER } as const
    expect(fence.apply(renewal)).toMatchObject({ result: 'refused' })
    expect(seen()).toMatchObject({ announce: [true], serve: [false, true] })
  })
  test('is carried over, gets tables of IPv6 with the first such address, and loses them with the last', () => {
    const only4 = groupOf('web', on(VIP, 24))
    const carried = [{ group: 'web', timeoutMs: 200, notAfter: NEVER }]
    const ip6 = () => linux.tables.table({ family: 'ip6', table: 'lvsm' })
    order('open')
    expect(fence.build([only4, MAIL], carried).carried).toMatchObject([DONE])
    expect([ip6(), fence.damage()]).toEqual([undefined, ''])
    expect(linux.ways.in(ipPacket('192.0.2.1', VIP))).toBe(true)
    expect(fence.build([WEB, MAIL], carried).carried).toMatchObject([DONE])
    expect(seen()).toEqual({ announce: [true], serve: [true], both: [true], others: [true] })
    expect([[...(ip6()?.sets.keys() ?? [])], fence.damage()]).toEqual([['open-web', 'addresses6'], ''])
    order('renew')
    expect(fence.clear()).toEqual(DONE)
    expect(ip6()).toBeUndefined()
  })
  test('what somebody does to the tables of IPv6 is found', () => {
    linux.tables.transact([nft.deleteTable({ family: 'ip6', table: 'lvsm' })])
    expect(fence.damage()).toBe('table ip6 lvsm is gone')
    fence.build([WEB, MAIL], [])
    const { name, key } = {
      name: { family: 'ip6', table: 'lvsm', set: 'open-web' } as const,
      key: nft.ethertypeKey(0x86dd),
    }
    linux.tables.transact([nft.newElements(name, [{ key }])])
    expect(fence.damage()).toBe('somebody opened open-web of ip6 for good')
  })
})
