/** What the rules in front of the heartbeat ports let through, who changed them, and a kernel that has none of it. */
import { NETLINK } from '@lvsm/kernel'
import { inetBytes, nftables as nft } from '@lvsm/netlink'
import { beforeEach, describe, expect, test } from 'vitest'
import { FakeLinux } from '../../../../test/kit/linux.ts'
import { ipPacket, udpPacket } from '../../../../test/kit/packets.ts'
import type { HeartbeatPort } from '../../ports.ts'
import { KernelPeerFilter } from './peer-filter.ts'
import { TABLE } from './peer-filter-tables.ts'

const PORT = 6940
const OUTSIDE: HeartbeatPort = {
  name: 'outside',
  address: '10.11.0.1',
  port: PORT,
  peers: ['10.11.0.2', '10.11.0.12', '10.11.0.13'],
  pillars: ['10.11.0.2', '10.11.0.12'],
  ports: [PORT],
}
const INSIDE: HeartbeatPort = {
  ...{ name: 'inside', address: '10.12.0.1', port: PORT, ports: [PORT] },
  ...{ peers: ['10.12.0.2'], pillars: ['10.12.0.2'] },
}
const RATE = 1000

let now = 0
let linux: FakeLinux
let filter: KernelPeerFilter
beforeEach(() => {
  now = 1000
  linux = new FakeLinux(() => now)
  filter = new KernelPeerFilter(linux.openNetlink(NETLINK.netfilter))
  expect(filter.build([OUTSIDE, INSIDE], RATE).result).toBe('done')
})
const passes = (source: string, destination = '10.11.0.1', ports: readonly [number, number] = [PORT, PORT]): boolean =>
  linux.ways.local(udpPacket(source, destination, ports))
/** How many of these get through. */
const through = (times: number, ...packet: Parameters<typeof passes>): number =>
  Array.from({ length: times }, () => passes(...packet)).filter(Boolean).length
const dropped = (chain: string): number[] =>
  (linux.tables.table(TABLE)?.chains.get(chain)?.rules ?? []).flatMap(({ expressions }) =>
    expressions.flatMap((one) => (one.kind === 'counter' ? [one.packets] : [])),
  )
const somebody = (...messages: Uint8Array[]): void =>
  expect(linux.openNetlink(NETLINK.netfilter).apply(nft.batch(messages))).toBeUndefined()

describe('the heartbeat port of a link', () => {
  test('is reached by its peers, and by nobody else', () => {
    expect([passes('10.11.0.2'), passes('10.11.0.12'), passes('10.12.0.2', '10.12.0.1')]).toEqual([true, true, true])
    for (const source of ['10.11.0.3', '192.0.2.1', '10.12.0.2', '10.11.0.1', '127.0.0.1'])
      expect([source, passes(source)]).toEqual([source, false])
    expect(passes('10.11.0.2', '10.12.0.1')).toBe(false)
    expect(dropped('link-outside')).toEqual([5, 0, 0, 0])
    expect(dropped('link-inside')).toEqual([1, 0, 0, 0])
  })
  test('is the only thing that is guarded', () => {
    expect(passes('192.0.2.1', '10.11.0.9')).toBe(true)
    expect(passes('192.0.2.1', '10.11.0.1', [PORT, 80])).toBe(true)
    expect(linux.ways.local(ipPacket('192.0.2.1', '10.11.0.1'))).toBe(true)
  })
  test('takes of one peer more than it ever sends, and no more; another one does not suffer', () => {
    expect(through(100_000, '10.11.0.2')).toBe(RATE)
    expect(passes('10.11.0.12')).toBe(true)
    expect(passes('10.12.0.2', '10.12.0.1')).toBe(true)
    let sum = 0
    for (let ms = 0; ms < 1000; ms++) {
      now += 1
      sum += through(100, '10.11.0.2')
    }
    expect(sum).toBeGreaterThan(RATE - 2)
    expect(sum).toBeLessThanOrEqual(RATE)
    expect(dropped('link-outside')[2]).toBe(200_000 - RATE - sum)
  })
  test('takes five hundred a second of a peer, for as long as it likes', () => {
    for (let ms = 0; ms < 10_000; ms += 2) {
      now += 2
      expect(passes('10.11.0.2')).toBe(true)
    }
  })
  test('takes of one that neither votes nor directs a quarter of that, and of the others what it is', () => {
    expect(through(10_000, '10.11.0.13')).toBe(250)
    expect(through(10_000, '10.11.0.12')).toBe(RATE)
    for (let ms = 0; ms < 10_000; ms += 5) {
      now += 5
      expect(passes('10.11.0.13')).toBe(true)
    }
  })
  test('takes a trickle of what a peer sends from another port, which takes nothing from its heartbeats', () => {
    expect(through(10_000, '10.11.0.2', '10.11.0.1', [40_000, PORT])).toBe(50)
    expect(through(RATE - 50, '10.11.0.2')).toBe(RATE - 50)
  })
})

test('what they dropped is counted with each look, over all tables', () => {
  through(RATE + 5, '10.11.0.2')
  passes('192.0.2.1')
  expect(filter.dropped()).toBe(0)
  expect([filter.damage(), filter.dropped()]).toEqual(['', 6])
  filter.build([OUTSIDE], RATE)
  expect(filter.dropped()).toBe(6)
  passes('192.0.2.1')
  expect([filter.damage(), filter.dropped()]).toEqual(['', 7])
})

describe('another view', () => {
  test('comes in one transaction: there is no time without rules, and none in which a peer is missing', () => {
    const { length } = linux.calls
    const ports = [{ ...OUTSIDE, peers: ['10.11.0.7', ...OUTSIDE.peers] }, INSIDE]
    expect(filter.build(ports, RATE).result).toBe('done')
    expect(linux.calls).toHaveLength(length + 1)
    expect([passes('10.11.0.7'), passes('10.11.0.2'), passes('10.11.0.3')]).toEqual([true, true, false])
    filter.build([{ ...OUTSIDE, peers: ['10.11.0.7'] }], RATE)
    expect([passes('10.11.0.7'), passes('10.11.0.2'), passes('192.0.2.1', '10.12.0.1')]).toEqual([true, false, true])
  })
  test('that changes nothing for them costs nothing', () => {
    const { length } = linux.calls
    expect(filter.build([OUTSIDE, INSIDE], RATE).result).toBe('done')
    expect(linux.calls).toHaveLength(length)
    filter.build([OUTSIDE, INSIDE], RATE + 1)
    expect(linux.calls).toHaveLength(length + 1)
  })
  test('with more peers than go into one message', () => {
    const peers = Array.from({ length: 1000 }, (_, index) => `10.11.${index >> 8}.${index & 255}`)
    expect(filter.build([{ ...OUTSIDE, peers }], RATE).result).toBe('done')
    expect([passes('10.11.3.231'), passes('10.11.3.232')]).toEqual([true, false])
    expect(filter.damage()).toBe('')
  })
})

describe('what somebody does to them is noticed, and put back', () => {
  const set = { ...TABLE, set: 'peers-outside' }
  test.each([
    ['the table is gone', () => somebody(nft.deleteTable(TABLE)), /table inet lvsm-peers is gone/],
    [
      'a peer is missing',
      () => somebody(nft.deleteElements(set, [{ key: inetBytes('10.11.0.2') }])),
      /^8 .* instead of 9/,
    ],
    [
      'a stranger is a peer',
      () => somebody(nft.newElements(set, [{ key: inetBytes('10.11.0.3') }])),
      /^10 .* instead of 9/,
    ],
    [
      'a rule is new',
      () => somebody(nft.newRule({ ...TABLE, chain: 'input', expressions: [nft.match.decide(nft.accept)] })),
      /11 rules instead of 10/,
    ],
    [
      'it is switched off',
      () => somebody(nft.newTable({ ...TABLE, dormant: true })),
      /table inet lvsm-peers was changed/,
    ],
  ])('%s', (_, deed, damage) => {
    // What the rules themselves did is none.
    through(5000, '10.11.0.2')
    passes('192.0.2.1')
    expect(filter.damage()).toBe('')
    deed()
    expect(filter.damage()).toMatch(damage)
    expect(filter.restore().result).toBe('done')
    expect(filter.damage()).toBe('')
    expect([passes('10.11.0.12'), passes('192.0.2.1')]).toEqual([true, false])
  })
})

describe('a kernel without what they need', () => {
  test('refuses, and former rules go: they would keep a new peer out', () => {
    linux.tables.limits = false
    expect(filter.build([{ ...OUTSIDE, peers: ['10.11.0.7'] }], RATE)).toMatchObject({ result: 'refused' })
    expect([linux.tables.table(TABLE), passes('10.11.0.7')]).toEqual([undefined, true])
    expect(filter.damage()).not.toBe('')
    const { length } = linux.calls
    // Nothing that could bring a notice, and with it the next look.
    expect(filter.restore().result).toBe('refused')
    expect(linux.calls).toHaveLength(length + 1)
    linux.tables.limits = true
    expect(filter.restore().result).toBe('done')
    expect([filter.damage(), passes('10.11.0.7'), passes('10.11.0.2')]).toEqual(['', true, false])
  })
})

describe('at the end', () => {
  test('they are taken away, once', () => {
    expect(filter.clear().result).toBe('done')
    expect([linux.tables.table(TABLE), passes('192.0.2.1'), filter.damage()]).toEqual([undefined, true, ''])
    const { length } = linux.calls
    filter.clear()
    expect(linux.calls).toHaveLength(length)
  })
  test('those of somebody else are left alone', () => {
    const other = new KernelPeerFilter(linux.openNetlink(NETLINK.netfilter))
    expect(other.clear().result).toBe('done')
    expect(linux.tables.table(TABLE)).toBeDefined()
  })
})
