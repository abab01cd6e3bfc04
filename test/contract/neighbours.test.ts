/**
 * IPv6 on the host's kernel: how a floating address and an alias stand, what neighbours hear of them, and what of it the fence lets
 * through (agent/lease/FENCE.md, rows 1 to 3, 8 and 12). Needs root, and fails without it.
 */
import { type LeaseGroup } from '@lvsm/protocol'
import { MARKS, ownLabel } from '@lvsm/base'
import { boottime, inNamespace, openPacket, type PacketSocket } from '@lvsm/kernel'
import {
  decodeNeighbourFrame,
  type NeighbourFrame,
  neighbourProbe,
  nftables as nft,
  unsolicitedAdvertisement,
} from '@lvsm/netlink'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openKernel as openAgentKernel } from '../../agent/node/adapters/kernel/kernel.ts'
import { FloatingAddresses } from '../../agent/lease/adapters/kernel/addresses.ts'
import { TABLE } from '../../agent/lease/adapters/kernel/fence-tables.ts'
import { KernelFence } from '../../agent/lease/adapters/kernel/fence.ts'
import { openKernel } from '../../agent/lease/adapters/kernel/kernel.ts'
import type { FenceOp, FencePart } from '../../agent/lease/core/events.ts'
import { asFrame, ipv6Packet, neighbourPacket, type Packet } from '../kit/packets.ts'
import { NEVER } from '../suites/fence.ts'
import { filter, index, ip, ipJson, otherIndex, run, space, wait } from './space.ts'

const DONE = { result: 'done', error: '' }
const [OWN, VIP, MAIL, ALIAS] = ['2001:db8:55::1', '2001:db8:55::10', '2001:db8:55::11', '2001:db8:55::20']
/** Nobody's of this machine: who asks and sends from the other end of the cable. */
const [CLIENT, CLIENT_MAC, ELSEWHERE] = ['fe80::77', '02:00:00:00:00:77', '2001:db8:99::9']
const BOTH: readonly FencePart[] = ['announce', 'serve']
const group = (name: string, address: string): LeaseGroup => ({
  ...{ name, digest: '0000000000000000', directors: ['dir1'] },
  addresses: [{ address, prefix: 64, ifindex: index, kind: 'vip' }],
})
const GROUPS = [group('web', VIP), group('mail', MAIL)] as const

interface Shown {
  readonly local: string
  readonly prefixlen: number
  readonly deprecated?: boolean
  readonly tentative?: boolean
  readonly nodad?: boolean
  readonly protocol?: string
  readonly valid_life_time: number
  readonly preferred_life_time: number
}
const shown = (device: string, address: string): Shown | undefined =>
  ipJson(`-6 addr show dev ${device}`)
    .flatMap((link) => link['addr_info'] as Shown[])
    .find(({ local }) => local === address)
const leftMac = (): string => String(ipJson('link show dev left')[0]?.['address'])
const passed = (ms: number): Promise<void> => {
  const end = boottime() + ms
  return wait(() => boottime() >= end)
}

/** What the other end of the cable hears of neighbour discovery, and says. */
class FarEnd {
  readonly heard: NeighbourFrame[] = []
  readonly #socket: PacketSocket = inNamespace(space, () =>
    openPacket(otherIndex, { ethertype: 0x86dd, ignoreOutgoing: true }),
  )

  constructor() {
    this.#socket.onFrame((bytes) => {
      const frame = decodeNeighbourFrame(bytes)
      if (frame.ok) this.heard.push(frame.value)
    })
  }
  says(packet: Packet): void {
    expect(this.#socket.send(asFrame(packet, leftMac(), CLIENT_MAC))).toBe(0)
  }
  /** Whom those are asked through who have an address that ends so (RFC 4291, section 2.7.1), unless it says otherwise. */
  asks(target: string, { source = CLIENT, destination = `ff02::1:ff00:${target.split('::')[1]}` } = {}): void {
    this.says(neighbourPacket('solicitation', { source, destination, target, mac: CLIENT_MAC }))
  }
  advertised(target: string): number {
    return this.heard.filter((one) => one.kind === 'advertisement' && one.target === target).length
  }
  close(): void {
    this.#socket.close()
  }
}

let far: FarEnd
const ends: (() => void)[] = []
beforeAll(async () => {
  for (const name of ['all.forwarding=1', 'left.ndisc_notify=1'])
    run('ip', 'netns', 'exec', space, 'sysctl', '-qw', `net.ipv6.conf.${name}`)
  ip(`addr add ${OWN}/64 dev left nodad`)
  ip(`route add 2001:db8:99::/64 dev right`)
  // Link-local addresses are found to be nobody else's first.
  await wait(
    () => !ipJson('-6 addr show').some((link) => (link['addr_info'] as Shown[]).some(({ tentative }) => tentative)),
  )
})
const begin = (): FarEnd => {
  far = new FarEnd()
  ends.push(() => far.close())
  return far
}
afterEach(() => {
  for (const end of ends.splice(0)) end()
  for (const family of ['arp', 'inet', 'ip6', 'netdev'] as const)
    filter.apply(nft.batch([nft.newTable({ family, table: TABLE }), nft.deleteTable({ family, table: TABLE })]))
})

describe('a floating address of IPv6', () => {
  const open = (): FloatingAddresses => {
    const addresses = inNamespace(space, () => new FloatingAddresses(boottime))
    ends.push(() => {
      addresses.remove(GROUPS[0])
      addresses.close()
    })
    return addresses
  }
  test('counts at once, is deprecated, bears our mark, claims no network, and goes by itself', async () => {
    const addresses = open()
    expect(addresses.add(GROUPS[0], 2)).toEqual(DONE)
    expect(shown('left', VIP)).toMatchObject({ prefixlen: 64, deprecated: true, nodad: true, preferred_life_time: 0 })
    expect(shown('left', VIP)?.tentative).toBeUndefined()
    expect(shown('left', VIP)?.valid_life_time).toBeLessThanOrEqual(2)
    expect(ip('-6 route show dev left').match(/2001:db8:55::\/64/g)).toHaveLength(1)
    await passed(1200)
    expect(addresses.add(GROUPS[0], 2)).toEqual(DONE)
    await passed(1200)
    expect(addresses.missing([GROUPS[0]])).toEqual([])
    await wait(() => addresses.missing([GROUPS[0]]).length > 0)
    expect(shown('left', VIP)).toBeUndefined()
  })
  test('is never the source of what the node says by itself', () => {
    const addresses = open()
    addresses.add(
      { ...GROUPS[0], addresses: [{ ...group('web', '2001:db8:55::99:9').addresses[0], prefix: 120 } as never] },
      5,
    )
    addresses.add(GROUPS[0], 5)
    for (const to of ['2001:db8:55::99:8', '2001:db8:55::12', ELSEWHERE])
      expect(ip(`-6 route get ${to}`)).not.toMatch(/src 2001:db8:55::(10|99:9) /)
    addresses.remove({
      ...GROUPS[0],
      addresses: [{ ...group('web', '2001:db8:55::99:9').addresses[0], prefix: 120 } as never],
    })
  })
  test('of a predecessor is swept off by its mark, a stranger’s with an end is not', () => {
    open().add(GROUPS[0], 60)
    ip(`addr add ${MAIL}/64 dev left nodad valid_lft 60 preferred_lft 0`)
    expect(inNamespace(space, () => new FloatingAddresses(boottime)).sweep()).toEqual(DONE)
    expect([shown('left', VIP), shown('left', MAIL)?.local]).toEqual([undefined, MAIL])
    ip(`addr del ${MAIL}/64 dev left`)
  })
  test('that somebody takes off is told as lost, and who advertises it as a rival', async () => {
    const [lost, rivals]: [string[], string[]] = [[], []]
    const kernel = inNamespace(space, () => openKernel(boottime))
    ends.push(() => kernel.close())
    inNamespace(space, () =>
      kernel.watch(GROUPS, {
        addressLost: (name) => lost.push(name),
        conflict: (name, mac, where) => rivals.push(`${name} ${mac} ${where}`),
        fenceLost: () => undefined,
        filterLost: () => undefined,
      }),
    )
    expect(kernel.addresses.add(GROUPS[0], 60)).toEqual(DONE)
    const end = begin()
    end.says({ protocol: 0x86dd, network: unsolicitedAdvertisement(CLIENT_MAC, VIP).subarray(14) })
    await wait(() => rivals.length > 0)
    expect(rivals).toEqual([`web ${CLIENT_MAC} ${VIP} on left`])
    ip(`addr del ${VIP}/64 dev left`)
    await wait(() => lost.length > 0)
    expect(lost).toEqual(['web'])
    kernel.addresses.remove(GROUPS[0])
  })
})

test('an alias of IPv6 on lo is ours, no source, and nobody on the wire hears of it, from the first moment on', async () => {
  const kernel = inNamespace(space, () => openAgentKernel())
  ends.push(() => kernel.close())
  const [end, lo] = [begin(), ipJson('link show dev lo')[0]?.['ifindex'] as number]
  const alias = { address: ALIAS, prefix: 128, index: lo, label: ownLabel('lo') }
  expect(inNamespace(space, () => kernel.apply({ kind: 'alias-add', ...alias }))).toBeNull()
  const seen = inNamespace(space, () => kernel.observe({ sysctls: [], services: false }))
  expect(seen.addresses).toContainEqual(expect.objectContaining(alias))
  expect(seen.addresses.find(({ address }) => address === OWN)?.label).toBe('left')
  expect(shown('lo', ALIAS)).toMatchObject({ deprecated: true, preferred_life_time: 0 })
  expect(ip(`-6 route get ${ELSEWHERE}`)).not.toContain(`src ${ALIAS}`)
  for (let round = 0; round < 3; round++) {
    end.asks(ALIAS)
    end.asks(ALIAS, { source: '::' })
    // These the node listens to in any case.
    end.asks(ALIAS, { destination: 'ff02::1' })
    end.asks(ALIAS, { destination: OWN })
    end.asks(OWN)
  }
  // The node answers for what it has on that link.
  await wait(() => end.advertised(OWN) >= 3)
  expect([end.advertised(ALIAS), end.heard.filter(({ source }) => source === ALIAS)]).toEqual([0, []])
  expect(inNamespace(space, () => kernel.apply({ kind: 'alias-remove', ...alias }))).toBeNull()
  expect([shown('lo', ALIAS), MARKS.addressProtocol]).toEqual([undefined, 76])
})

test('default routes of both families are told, each as one of its own', () => {
  const kernel = inNamespace(space, () => openAgentKernel())
  ends.push(() => kernel.close())
  ip('-6 route add default via fe80::1 dev left proto ra')
  ip('-4 addr add 10.55.9.1/24 dev left')
  ip('-4 route add default via 10.55.9.254 dev left')
  const seen = inNamespace(space, () => kernel.observe({ sysctls: [], services: false }))
  const told = seen.defaults.map(({ gateway, family }) => `${family} ${gateway}`)
  expect(told.toSorted()).toEqual(['ipv4 10.55.9.254', 'ipv6 fe80::1'])
  ip('-6 route del default')
  ip('-4 addr del 10.55.9.1/24 dev left')
})

test('where IPv6 is switched off on lo an alias is refused with the way out', () => {
  const kernel = inNamespace(space, () => openAgentKernel())
  const setting = (value: number): void =>
    void run('ip', 'netns', 'exec', space, 'sysctl', '-qw', `net.ipv6.conf.lo.disable_ipv6=${value}`)
  ends.push(
    () => setting(0),
    () => kernel.close(),
  )
  setting(1)
  const lo = ipJson('link show dev lo')[0]?.['ifindex'] as number
  const alias = { kind: 'alias-add', address: ALIAS, prefix: 128, index: lo, label: ownLabel('lo') } as const
  expect(inNamespace(space, () => kernel.apply(alias))).toMatchObject({
    message: expect.stringMatching(/IPv6 is switched off on that interface \(sysctl .*disable_ipv6=0\)/),
  })
})

describe('the fence', () => {
  const fenced = () => {
    const [fence, addresses] = inNamespace(
      space,
      () => [new KernelFence(boottime, () => 'left'), new FloatingAddresses(boottime)] as const,
    )
    expect(fence.build(GROUPS, [])).toMatchObject(DONE)
    for (const one of GROUPS) expect(addresses.add(one, 60)).toEqual(DONE)
    ends.push(() => {
      for (const one of GROUPS) addresses.remove(one)
      addresses.close()
      fence.close()
    })
    const order = (op: FenceOp, parts = BOTH, timeoutMs = 60_000): void =>
      expect(fence.apply({ group: 'web', op, parts, timeoutMs, notAfter: NEVER })).toMatchObject(DONE)
    const dropped = (family: nft.Family, name = 'web'): number =>
      filter.dump(nft.dumpRules({ family, table: TABLE })).reduce((sum, message) => {
        const rule = nft.decodeRule(message)
        if (!rule.ok || rule.value.chain !== `group-${name}`) return sum
        return sum + rule.value.expressions.reduce((all, one) => all + (one.kind === 'counter' ? one.packets : 0), 0)
      }, 0)
    return { fence, addresses, order, dropped, end: begin() }
  }
  /** What comes in, or through, and where it is dropped while its group is closed; null: it never is. */
  const INCOMING: readonly [what: string, packet: Packet, layer: 'ip6' | 'inet' | null][] = [
    [
      'somebody asks who has it',
      neighbourPacket('solicitation', { source: CLIENT, destination: 'ff02::1:ff00:10', target: VIP }),
      'ip6',
    ],
    [
      'somebody asks whether anybody has it',
      neighbourPacket('solicitation', { source: '::', destination: 'ff02::1:ff00:10', target: VIP }),
      'ip6',
    ],
    [
      'somebody asks who has another, from it',
      neighbourPacket('solicitation', { source: VIP, destination: 'ff02::1:ff00:1', target: OWN }),
      null,
    ],
    [
      'its owner advertises it',
      neighbourPacket('advertisement', { source: VIP, destination: 'ff02::1', target: VIP }),
      null,
    ],
    ['a packet to it', ipv6Packet('2001:db8:99::77', VIP), 'inet'],
    ['a packet from it, forwarded', ipv6Packet(VIP, ELSEWHERE), 'inet'],
    ['a packet of somebody else, forwarded', ipv6Packet('2001:db8:55::77', ELSEWHERE), null],
  ]
  test.each([false, true])('what comes in, or through; the group is open: %s', async (open) => {
    const { order, dropped, end, fence } = fenced()
    if (open) order('open')
    const seen: Record<string, string[]> = {}
    for (const [what, packet] of INCOMING) {
      const before = (['ip6', 'inet', 'netdev'] as const).map((layer) => [layer, dropped(layer)] as const)
      const marks = dropped('inet', 'mail')
      end.says(packet)
      // The other group stays closed: when its packet is dropped, all that came before it was looked at.
      end.says(ipv6Packet('2001:db8:99::77', MAIL))
      await wait(() => dropped('inet', 'mail') > marks)
      seen[what] = before.flatMap(([layer, count]) => (dropped(layer) > count ? [layer] : []))
    }
    const wanted = INCOMING.map(([what, , layer]) => [what, layer === null || open ? [] : [layer]])
    expect(seen).toEqual(Object.fromEntries(wanted))
    expect(fence.damage()).toBe('')
  })

  test('nobody gets an answer to who has it while the group is closed, and everybody while it is open', async () => {
    const { order, end } = fenced()
    const asked = async (): Promise<boolean> => {
      const [own, vip] = [end.advertised(OWN), end.advertised(VIP)]
      end.asks(VIP)
      end.asks(OWN)
      await wait(() => end.advertised(OWN) > own)
      return end.advertised(VIP) > vip
    }
    expect(await asked()).toBe(false)
    order('open')
    expect(await asked()).toBe(true)
    order('close', ['announce'])
    expect(await asked()).toBe(false)
  })

  test('in a planned switchover the kernel itself says nothing of it any more, while packets from it leave', async () => {
    const { order, dropped, end } = fenced()
    order('open')
    order('close', ['announce'])
    ip('route add 2001:db8:77::/64 dev left')
    ends.push(() => void ip('route del 2001:db8:77::/64 dev left'))
    const [ndp, packets] = [dropped('ip6'), dropped('inet')]
    // A packet from it, to somebody whom the kernel has to ask for first.
    run('ip', 'netns', 'exec', space, 'sh', '-c', `ping -6 -c 1 -W 1 -I ${VIP} 2001:db8:77::1 || :`)
    await wait(() => dropped('ip6') > ndp)
    expect(dropped('inet')).toBe(packets)
    expect(end.heard.filter(({ source }) => source === VIP)).toEqual([])
    order('open', ['announce'])
    run('ip', 'netns', 'exec', space, 'sh', '-c', `ping -6 -c 1 -W 1 -I ${VIP} 2001:db8:77::2 || :`)
    await wait(() => end.heard.some(({ kind, source }) => kind === 'solicitation' && source === VIP))
  })

  test('a link that comes up announces nothing of it (ndisc_notify) while the group is closed', async () => {
    const { order, dropped, end, addresses } = fenced()
    const flap = async (): Promise<boolean> => {
      const own = end.advertised(OWN)
      end.heard.length = 0
      ip('link set left address 02:00:00:00:55:01')
      ip('link set left address 02:00:00:00:55:02')
      await wait(() => end.advertised(OWN) > 0 || own < 0)
      return end.advertised(VIP) > 0
    }
    const before = dropped('inet') + dropped('ip6')
    expect(await flap()).toBe(false)
    expect(dropped('inet') + dropped('ip6')).toBeGreaterThan(before)
    order('open')
    expect(addresses.missing(GROUPS)).toEqual([])
    expect(await flap()).toBe(true)
  })

  test('a packet socket announces it only while the group is open; a probe passes', async () => {
    const { order, dropped } = fenced()
    const left = inNamespace(space, () => openPacket(index))
    ends.push(() => left.close())
    const frames = () =>
      [unsolicitedAdvertisement(leftMac(), VIP), neighbourProbe(leftMac(), VIP)].map((one) => left.send(one))
    const ENOBUFS = 105
    expect([frames(), dropped('netdev')]).toEqual([[ENOBUFS, 0], 1])
    order('open', BOTH, 800)
    expect(frames()).toEqual([0, 0])
    await wait(() => frames()[0] === ENOBUFS)
  })

  test('who knows another place of it takes what an unsolicited advertisement says', async () => {
    const { order, addresses, end } = fenced()
    order('open')
    const far = `far-${process.pid}`
    run('ip', 'netns', 'add', far)
    ends.push(() => void run('ip', 'netns', 'del', far))
    ip(`link add near type veth peer name away netns ${far}`)
    for (const args of [
      ['-n', space, 'link', 'set', 'near', 'up'],
      ['-n', far, 'link', 'set', 'away', 'up'],
      ['-n', far, 'addr', 'add', '2001:db8:55::77/64', 'dev', 'away', 'nodad'],
      ['-n', far, 'neigh', 'add', VIP, 'lladdr', CLIENT_MAC, 'dev', 'away', 'nud', 'stale'],
    ])
      run('ip', ...args)
    const near = Number(ipJson('link show dev near')[0]?.['ifindex'])
    const mac = String(ipJson('link show dev near')[0]?.['address'])
    const moved = { ...GROUPS[0], addresses: GROUPS[0].addresses.map((one) => ({ ...one, ifindex: near })) }
    expect(inNamespace(space, () => addresses.announce(moved, NEVER))).toEqual(DONE)
    await wait(() => run('ip', '-n', far, 'neigh', 'show', VIP).includes(mac))
    expect(end.advertised(VIP)).toBe(0)
  })
})
