/** What is asked of rtnetlink and sent as gratuitous ARP, and what is made of the answers. See test/suites/addresses.ts too. */
import { type LeaseAddress, type LeaseGroup } from '@lvsm/protocol'
import { type Instant, instant } from '@lvsm/base'
import { NETLINK } from '@lvsm/kernel'
import { decodeArpFrame, readMessages, rtnetlink as rt } from '@lvsm/netlink'
import { beforeEach, describe, expect, test } from 'vitest'
import { type Disturbance, FakeLinux } from '../../../../test/kit/linux.ts'
import { FloatingAddresses } from './addresses.ts'

const DONE = { result: 'done', error: '' }
const NEVER = instant(Number.POSITIVE_INFINITY)
const [LEFT, RIGHT] = ['02:00:00:00:00:02', '02:00:00:00:00:03']
const vip = (address: string, rest: Partial<LeaseAddress> = {}): LeaseAddress => ({
  address,
  prefix: 24,
  ifindex: 2,
  kind: 'vip',
  ...rest,
})
const groupOf = (...addresses: LeaseAddress[]): LeaseGroup => ({
  name: 'web',
  digest: '',
  directors: ['dir1'],
  addresses,
})
const WEB = groupOf(vip('10.11.0.10'), vip('10.12.0.254', { kind: 'gateway', ifindex: 3, prefix: 28 }))

let now = 0
let linux: FakeLinux
let addresses: FloatingAddresses
let tick = (): void => undefined
const clock = (): Instant => {
  tick()
  return instant(now)
}
beforeEach(() => {
  now = 1000
  tick = () => undefined
  linux = new FakeLinux(() => now)
  linux.addLink(2, 'left', LEFT)
  linux.addLink(3, 'right', RIGHT)
  addresses = new FloatingAddresses(clock, linux)
})
/** The next call with this kind of message goes wrong. */
const fails = (type: number, disturbance: Partial<Disturbance> & { errno: number }): void => {
  linux.disturb = ({ messages }) => {
    const kind = readMessages(messages[0] ?? new Uint8Array()).messages[0]?.type
    if (kind !== type) return undefined
    linux.disturb = () => undefined
    return { done: false, answered: true, ...disturbance }
  }
}
const on = (): string[] => linux.route.addresses.map(({ index, local, prefix }) => `${index} ${local}/${prefix}`)
const types = (): number[] =>
  linux.calls.flatMap(({ messages }) => messages.map((bytes) => readMessages(bytes).messages[0]?.type ?? 0))
const announced = (): string[] =>
  linux.sent.map(({ index, frame }) => {
    const arp = decodeArpFrame(frame)
    return arp.ok
      ? `${index} ${arp.value.operation} ${arp.value.senderIp} ${arp.value.targetIp} ${arp.value.senderMac} ${arp.value.destination}`
      : arp.error
  })
const heardOf = (address: LeaseAddress): boolean => {
  const bytes = rt.deleteAddress({ index: address.ifindex, local: address.address, prefix: address.prefix })
  return readMessages(bytes).messages.every((message) => addresses.concerns(message))
}

describe('adding', () => {
  test('puts each address on its interface, labelled, for so many seconds, without a route', () => {
    expect(addresses.add(WEB, 3)).toEqual(DONE)
    expect(linux.route.addresses).toEqual([
      {
        index: 2,
        local: '10.11.0.10',
        prefix: 24,
        label: 'left:lvsm',
        flags: rt.ADDRESS_FLAG.noPrefixRoute,
        endsAt: 4000,
      },
      {
        index: 3,
        local: '10.12.0.254',
        prefix: 28,
        label: 'right:lvsm',
        flags: rt.ADDRESS_FLAG.noPrefixRoute,
        endsAt: 4000,
      },
    ])
  })
  test('again, it gives them time again', () => {
    addresses.add(WEB, 3)
    now += 1000
    expect(addresses.add(WEB, 10)).toEqual(DONE)
    expect(linux.route.addresses.map(({ endsAt }) => endsAt)).toEqual([12_000, 12_000])
  })
  test('asks each interface once, and adds all in one call', () => {
    const many = groupOf(...Array.from({ length: 50 }, (_, at) => vip(`10.11.1.${at}`, { ifindex: 2 + (at % 2) })))
    expect(addresses.add(many, 3)).toEqual(DONE)
    expect(types().filter((type) => type === rt.RTM.getLink)).toHaveLength(2)
    expect(linux.calls.at(-1)?.messages).toHaveLength(50)
  })
  test('leaves out what is not on this node', () => {
    expect(addresses.add(groupOf(vip('10.11.0.10', { ifindex: 0 })), 3)).toEqual(DONE)
    expect(on()).toEqual([])
  })
  test('cuts the label of a long interface name', () => {
    linux.addLink(4, 'enp129s0f1np1', LEFT)
    expect(addresses.add(groupOf(vip('10.11.0.10', { ifindex: 4 })), 3)).toEqual(DONE)
    expect(linux.route.addresses[0]?.label).toBe('enp129s0f1:lvsm')
  })
  test('knows the name of an interface whose answer got lost', () => {
    addresses.add(WEB, 3)
    addresses.remove(WEB)
    fails(rt.RTM.getLink, { errno: 110, answered: false })
    expect(addresses.add(WEB, 3)).toEqual(DONE)
    expect(linux.route.addresses.map(({ label }) => label)).toEqual(['left:lvsm', 'right:lvsm'])
  })
  test('is refused where one is, and unknown where no answer came', () => {
    linux.removeLink(3)
    expect(addresses.add(WEB, 3)).toMatchObject({
      result: 'refused',
      error: expect.stringMatching(/no such network interface/),
    })
    linux.addLink(3, 'right', RIGHT)
    for (const done of [true, false]) {
      fails(rt.RTM.newAddress, { errno: 105, answered: false, done })
      expect(addresses.add(WEB, 3)).toMatchObject({ result: 'unknown' })
    }
  })
  test('what was refused or unknown may stand all the same: it is taken off later', () => {
    fails(rt.RTM.newAddress, { errno: 105, answered: false, done: true })
    addresses.add(WEB, 3)
    expect(heardOf(vip('10.11.0.10'))).toBe(true)
    expect(addresses.remove(groupOf(vip('10.11.0.10', { ifindex: 0 })))).toEqual(DONE)
    expect(on()).toEqual(['3 10.12.0.254/28'])
  })
})

describe('removing', () => {
  test('takes off what is there, and forgives what is not', () => {
    expect(addresses.remove(WEB)).toEqual(DONE)
    addresses.add(WEB, 3)
    linux.removeLink(3)
    expect(addresses.remove(WEB)).toEqual(DONE)
    expect(on()).toEqual([])
  })
  test.each([
    ['refused', { errno: 16 }],
    ['unknown', { errno: 105, answered: false }],
    ['unknown', { errno: 110, answered: false, done: true }],
  ])('that is %s is not done: what may stand is known, and taken off the next time', (result, disturbance) => {
    addresses.add(WEB, 3)
    fails(rt.RTM.deleteAddress, disturbance)
    expect(addresses.remove(WEB)).toMatchObject({ result, error: expect.stringMatching(/./) })
    expect(WEB.addresses.map(heardOf)).toEqual([true, true])
    // A later view knows nothing of where it was put.
    const later = groupOf(vip('10.11.0.10', { ifindex: 0 }), vip('10.12.0.254', { ifindex: 0 }))
    expect(addresses.remove(later)).toEqual(DONE)
    expect(on()).toEqual([])
    expect(WEB.addresses.map(heardOf)).toEqual([false, false])
  })
  test('touches no other address of the interface, nor the same one with another prefix that it did not put', () => {
    linux.route.promotes = true
    const other = linux.openNetlink(NETLINK.route)
    for (const [local, prefix] of [
      ['10.11.0.1', 24],
      ['10.11.0.10', 32],
    ] as const)
      other.apply([rt.newAddress({ index: 2, local, prefix, label: 'left' })])
    addresses.add(WEB, 3)
    expect(addresses.remove(WEB)).toEqual(DONE)
    expect(on()).toEqual(['2 10.11.0.1/24', '2 10.11.0.10/32'])
  })
  test('of one group leaves the others alone', () => {
    const mail = groupOf(vip('10.11.0.11'))
    addresses.add(WEB, 3)
    addresses.add(mail, 3)
    expect(addresses.remove(WEB)).toEqual(DONE)
    expect(on()).toEqual(['2 10.11.0.11/24'])
    expect(heardOf(vip('10.11.0.11'))).toBe(true)
  })
})

describe('announcing', () => {
  test('is one broadcast request for each address, the gateway first', () => {
    expect(addresses.announce(WEB, NEVER)).toEqual(DONE)
    expect(announced()).toEqual([
      `3 request 10.12.0.254 10.12.0.254 ${RIGHT} ff:ff:ff:ff:ff:ff`,
      `2 request 10.11.0.10 10.11.0.10 ${LEFT} ff:ff:ff:ff:ff:ff`,
    ])
  })
  test('looks at the clock before each frame, and sends none from the deadline on', () => {
    const three = groupOf(vip('10.11.0.10'), vip('10.11.0.11'), vip('10.11.0.12'))
    tick = () => {
      now += 10
    }
    expect(addresses.announce(three, instant(1030))).toEqual({
      result: 'refused',
      error: '1 gratuitous frames did not leave',
    })
    expect(announced()).toHaveLength(2)
    now = 2000
    tick = () => undefined
    expect(addresses.announce(three, instant(2000))).toMatchObject({ result: 'refused' })
    expect(announced()).toHaveLength(2)
    expect(addresses.announce(three, instant(2000.01))).toEqual(DONE)
  })
  test('opens one socket for each interface, ahead of the first announcement', () => {
    addresses.prepare([
      WEB,
      groupOf(vip('10.11.0.11'), vip('10.11.0.12', { ifindex: 77 }), vip('10.11.0.13', { ifindex: 0 })),
    ])
    expect(linux.ears.map(({ index }) => index)).toEqual([2, 3])
    const { length } = linux.calls
    addresses.announce(WEB, NEVER)
    expect(linux.ears).toHaveLength(2)
    expect(linux.calls).toHaveLength(length)
    expect(on()).toEqual([])
  })
  test('goes on with the others where an address is not here, or its interface gone, or without a MAC', () => {
    linux.addLink(4, 'tunl0', '')
    const some = groupOf(
      vip('10.11.0.1', { ifindex: 0 }),
      vip('10.11.0.2', { ifindex: 77 }),
      vip('10.11.0.3', { ifindex: 4 }),
      vip('10.11.0.4'),
    )
    expect(addresses.announce(some, NEVER)).toEqual({ result: 'refused', error: '3 gratuitous frames did not leave' })
    expect(announced()).toEqual([`2 request 10.11.0.4 10.11.0.4 ${LEFT} ff:ff:ff:ff:ff:ff`])
    addresses.prepare([some])
  })
  test('goes on where an interface is gone whose MAC is known', () => {
    expect(addresses.macOf(3)).toBe(RIGHT)
    linux.removeLink(3)
    expect(addresses.announce(WEB, NEVER)).toEqual({ result: 'refused', error: '1 gratuitous frames did not leave' })
    expect(announced()).toHaveLength(1)
  })
  test('after a frame that did not leave, interface and socket are looked at anew', () => {
    addresses.announce(WEB, NEVER)
    const link = linux.route.links.get(2)
    if (!link) return expect.unreachable()
    link.up = false
    expect(addresses.announce(WEB, NEVER)).toMatchObject({ result: 'refused' })
    link.up = true
    link.mac = '02:00:00:00:00:22'
    expect(addresses.announce(WEB, NEVER)).toEqual(DONE)
    expect(announced().at(-1)).toBe('2 request 10.11.0.10 10.11.0.10 02:00:00:00:00:22 ff:ff:ff:ff:ff:ff')
    expect(linux.ears.map(({ index, open }) => [index, open])).toEqual([
      [3, true],
      [2, false],
      [2, true],
    ])
  })
  test('the MAC is the one that was read when addresses were last added', () => {
    addresses.announce(WEB, NEVER)
    const link = linux.route.links.get(2)
    if (link) link.mac = '02:00:00:00:00:22'
    addresses.add(WEB, 3)
    expect(addresses.macOf(2)).toBe('02:00:00:00:00:22')
  })
})

describe('whose hand it was', () => {
  const gone = (local: string): void =>
    void linux.openNetlink(NETLINK.route).apply([rt.deleteAddress({ index: 2, local, prefix: 24 })])
  const mail = { ...groupOf(vip('10.11.0.11')), name: 'mail' }

  test('a group misses what was added and is not there', () => {
    addresses.add(WEB, 3)
    addresses.add(mail, 3)
    expect(addresses.missing([WEB, mail])).toEqual([])
    gone('10.11.0.11')
    expect(addresses.missing([WEB, mail])).toEqual([mail])
    gone('10.11.0.10')
    expect(addresses.missing([WEB, mail])).toEqual([WEB, mail])
  })
  test('of a group only what is on this node counts', () => {
    const half = { ...groupOf(vip('10.11.0.12', { ifindex: 0 }), vip('10.11.0.11')), name: 'half' }
    addresses.add(half, 3)
    expect(addresses.missing([half])).toEqual([])
    gone('10.11.0.11')
    expect(addresses.missing([half])).toEqual([half])
    fails(rt.RTM.getAddress, { errno: 105 })
    expect(addresses.missing([WEB, half])).toEqual([half])
  })
  test('what was never added, or removed, is not missed, and not asked for', () => {
    expect(addresses.missing([WEB, mail])).toEqual([])
    addresses.add(WEB, 3)
    addresses.remove(WEB)
    const { length } = linux.calls
    expect(addresses.missing([WEB, mail])).toEqual([])
    expect(linux.calls).toHaveLength(length)
  })
  test('when nobody can say, all that stand are looked at', () => {
    addresses.add(WEB, 3)
    fails(rt.RTM.getAddress, { errno: 105 })
    expect(addresses.missing([WEB, mail])).toEqual([WEB])
  })
  test('a message that cannot be read is about nothing', () => {
    addresses.add(WEB, 3)
    expect(
      addresses.concerns({ type: rt.RTM.deleteAddress, flags: 0, sequence: 0, port: 0, payload: new Uint8Array(3) }),
    ).toBe(false)
  })
})

describe('the sweep', () => {
  const put = (index: number, local: string, prefix: number, label: string, validSeconds: number): void =>
    void linux.openNetlink(NETLINK.route).apply([rt.newAddress({ index, local, prefix, label, validSeconds })])

  test('takes what any process of ours left, and nothing else', () => {
    put(2, '10.11.0.10', 24, 'left:lvsm', 5)
    put(3, '10.9.9.9', 32, 'x:lvsm', 1)
    put(2, '10.11.0.12', 24, 'left', 5)
    put(2, '10.11.0.13', 24, 'left:lvsm', rt.FOREVER)
    put(2, '10.11.0.14', 24, 'left:lvsm2', 5)
    linux.route.promotes = true
    expect(addresses.sweep()).toEqual(DONE)
    expect(on()).toEqual(['2 10.11.0.12/24', '2 10.11.0.13/24', '2 10.11.0.14/24'])
  })
  test('is refused, or unknown, when the kernel is', () => {
    put(2, '10.11.0.10', 24, 'left:lvsm', 5)
    fails(rt.RTM.getAddress, { errno: 105 })
    expect(addresses.sweep()).toMatchObject({ result: 'refused', error: expect.stringMatching(/ENOBUFS/) })
    fails(rt.RTM.deleteAddress, { errno: 16 })
    expect(addresses.sweep()).toMatchObject({ result: 'refused' })
    fails(rt.RTM.deleteAddress, { errno: 110, answered: false })
    expect(addresses.sweep()).toMatchObject({ result: 'unknown' })
    expect(addresses.sweep()).toEqual(DONE)
  })
})

test('closing it closes its sockets', () => {
  addresses.prepare([WEB])
  addresses.close()
  expect(linux.ears.map(({ open }) => open)).toEqual([false, false])
  expect(() => addresses.add(WEB, 3)).toThrow(/closed/)
})
test('no call of its socket may hold the loop up for long', () => {
  expect(linux.opened).toEqual([{ protocol: NETLINK.route, timeoutMs: 200 }])
})
