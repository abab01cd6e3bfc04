/** Who tampers with fence and addresses is noticed; and what becomes of a predecessor's at the start. */
import { type LeaseGroup } from '@lvsm/protocol'
import { instant } from '@lvsm/base'
import { NETLINK } from '@lvsm/kernel'
import { gratuitousArp, nftables as nft, readMessages, rtnetlink as rt } from '@lvsm/netlink'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { FakeLinux } from '../../../../test/kit/linux.ts'
import { type Kernel, type KernelEvents, openKernel } from './kernel.ts'

const DONE = { result: 'done', error: '' }
const NEVER = instant(Number.POSITIVE_INFINITY)
const group = (name: string, address: string): LeaseGroup => ({
  name,
  digest: '',
  directors: ['dir1'],
  addresses: [{ address, prefix: 24, ifindex: 2, kind: 'vip' }],
})
const [WEB, MAIL] = [group('web', '10.11.0.10'), group('mail', '10.11.0.11')]
const TABLE = { family: 'inet', table: 'lvsm' } as const
const VIP: nft.Element = { key: Uint8Array.of(10, 11, 0, 10) }

let linux: FakeLinux
let kernel: Kernel
let happened: string[] = []
/** Puts the fence back, as the core does. */
let mends = true
const events: KernelEvents = {
  addressLost: (name) => happened.push(`address ${name}`),
  conflict: (name, mac) => happened.push(`conflict ${name} ${mac}`),
  fenceLost: (damage) => {
    happened.push(`fence: ${damage}`)
    if (mends) kernel.fence.build([WEB, MAIL], [])
  },
  filterLost: (damage, { result }) => happened.push(`filter ${result}: ${damage}`),
}
beforeEach(() => {
  vi.useFakeTimers()
  linux = new FakeLinux(() => performance.now())
  linux.addLink(2, 'left', '02:00:00:00:00:02')
  kernel = openKernel(() => instant(performance.now()), linux)
  happened = []
  mends = true
})
afterEach(() => void vi.useRealTimers())
/** A notice, the look at what it is about, what came of that, and the look at it: each a turn, which takes the timers a millisecond. */
const TURNS_MS = 5
const turn = (ms = TURNS_MS): void => {
  vi.advanceTimersByTime(ms)
  linux.route.tick()
}
const begin = (): void => {
  kernel.watch([WEB, MAIL], events)
  expect(kernel.fence.build([WEB, MAIL], [])).toMatchObject(DONE)
  turn()
  happened = []
}
/** Somebody else at work. */
const nftables = (...messages: Uint8Array[]): void =>
  expect(linux.openNetlink(NETLINK.netfilter).apply(nft.batch(messages))).toBeUndefined()
const addresses = (...messages: Uint8Array[]): void =>
  expect(linux.openNetlink(NETLINK.route).apply(messages)).toBeUndefined()
const put = (local: string): void =>
  addresses(rt.newAddress({ index: 2, local, prefix: 24, label: 'left:lvsm', validSeconds: 9 }))
const on = (): string[] => linux.route.addresses.map(({ local }) => local)
const fails = (protocol: number, type: number, errno: number, times = 1): void => {
  let left = times
  linux.disturb = ({ protocol: asked, messages }) => {
    const kinds = messages.flatMap((bytes) => readMessages(bytes).messages.map((message) => message.type & 0xff))
    return asked === protocol && kinds.includes(type) && left-- > 0 ? { errno, done: false, answered: true } : undefined
  }
}

describe('at the start', () => {
  test("a predecessor's addresses are off before the first tables take the place of his", () => {
    put('10.11.0.99')
    const order: string[] = []
    linux.before = () => void order.push(on().join())
    expect(kernel.fence.build([WEB], [])).toMatchObject(DONE)
    expect(on()).toEqual([])
    expect(order.at(-1)).toBe('')
    // Only before the first ones: later they are this process's own.
    kernel.addresses.add(WEB, 9)
    expect(kernel.fence.build([WEB, MAIL], [])).toMatchObject(DONE)
    expect(on()).toEqual(['10.11.0.10'])
  })
  test('tables are not touched while what a predecessor left may be on', () => {
    put('10.11.0.99')
    nftables(nft.newTable(TABLE))
    fails(NETLINK.route, rt.RTM.deleteAddress, 16, 2)
    expect(kernel.fence.build([WEB], [])).toMatchObject({
      result: 'refused',
      error: expect.stringMatching(/in use/),
      carried: [],
    })
    expect(linux.tables.table(TABLE)?.chains.size).toBe(0)
    expect(kernel.fence.build([WEB], [])).toMatchObject(DONE)
    expect(on()).toEqual([])
  })
  test('a sweep that failed is tried once more at once', () => {
    put('10.11.0.99')
    fails(NETLINK.route, rt.RTM.deleteAddress, 16, 1)
    expect(kernel.fence.build([WEB], [])).toMatchObject({ result: 'refused' })
    expect(on()).toEqual([])
  })
})

test('where tables cannot be built nothing may stay on', () => {
  begin()
  kernel.addresses.add(WEB, 9)
  fails(NETLINK.netfilter, 0, 12)
  expect(kernel.fence.build([WEB, MAIL], [])).toMatchObject({ result: 'refused' })
  expect(on()).toEqual([])
})

describe('the fence', () => {
  test('that is damaged is told once a turn, with what is wrong, and looked at again at once', () => {
    begin()
    nftables(nft.deleteTable(TABLE))
    nftables(nft.newTable(TABLE))
    turn()
    expect(happened).toEqual(['fence: chain prerouting of inet is gone'])
    turn(4000)
    expect(happened).toHaveLength(1)
  })
  test('that nobody puts back is told ten times a second', () => {
    begin()
    mends = false
    nftables(nft.deleteTable(TABLE))
    turn()
    expect(happened).toHaveLength(1)
    turn(90)
    expect(happened).toHaveLength(1)
    turn(20)
    expect(happened).toHaveLength(2)
    for (let times = 0; times < 10; times++) turn(100)
    expect(happened.length).toBeGreaterThan(10)
    expect(happened.length).toBeLessThan(14)
    mends = true
    turn(101)
    const { length } = happened
    turn(3000)
    expect(happened).toHaveLength(length)
  })
  test('that cannot be looked at is looked at again soon', () => {
    begin()
    fails(NETLINK.netfilter, 1, 105)
    nftables(nft.deleteTable(TABLE))
    turn()
    expect(happened).toEqual([])
    turn(101)
    expect(happened).toHaveLength(1)
  })
  test('is looked at after what this process did to its structure, which is no damage', () => {
    begin()
    const { length } = linux.calls
    kernel.fence.build([WEB], [])
    turn()
    expect(linux.calls.length).toBeGreaterThan(length + 1)
    expect(happened).toEqual([])
  })
  test('is not looked at after a renewal', () => {
    begin()
    const order = { group: 'web', parts: ['announce', 'serve'], timeoutMs: 300, notAfter: NEVER } as const
    kernel.fence.apply({ ...order, op: 'open' })
    const { length } = linux.calls
    for (let times = 0; times < 3; times++) {
      kernel.fence.apply({ ...order, op: 'renew' })
      turn(100)
    }
    kernel.fence.apply({ ...order, op: 'close' })
    turn()
    expect(linux.calls).toHaveLength(length + 4)
  })
  test('is looked at each five seconds, for what hides among renewals', () => {
    begin()
    nftables(nft.deleteElements({ ...TABLE, set: 'addresses' }, [VIP]))
    turn(4980)
    expect(happened).toEqual([])
    turn(20)
    turn()
    expect(happened).toEqual(['fence: 5 guarded addresses instead of 6'])
  })
  test('is looked at when notices got lost', () => {
    begin()
    nftables(nft.deleteElements({ ...TABLE, set: 'addresses' }, [VIP]))
    linux.overrun(NETLINK.netfilter)
    turn()
    turn()
    expect(happened).toHaveLength(1)
  })
  test('of another program is none of ours', () => {
    begin()
    nftables(nft.newTable({ family: 'inet', table: 'other' }))
    turn()
    expect(happened).toEqual([])
  })
  test('is taken away by who built it', () => {
    begin()
    expect(kernel.fence.clear()).toEqual(DONE)
    turn()
    expect(linux.tables.table(TABLE)).toBeUndefined()
    expect(happened).toEqual([])
  })
})

describe('the rules in front of the heartbeat ports', () => {
  const PEERS = { family: 'inet', table: 'lvsm-peers' } as const
  const peers = ['10.11.0.2']
  const port = { name: 'outside', address: '10.11.0.1', port: 6940, peers, pillars: peers, ports: [6940] }
  beforeEach(() => {
    begin()
    expect(kernel.filter.build([port], 1000)).toEqual(DONE)
    turn()
    expect(happened).toEqual([])
  })
  test('are put back at once when somebody flushes the rule set, and so is the fence', () => {
    nftables(nft.deleteTable(PEERS), nft.deleteTable(TABLE))
    turn()
    expect(happened).toEqual(['fence: table inet lvsm is gone', 'filter done: table inet lvsm-peers is gone'])
    turn()
    expect(linux.tables.table(PEERS)).toBeDefined()
    expect(happened).toHaveLength(2)
  })
  test('that cannot be put back are tried again with each look, and not more often', () => {
    linux.tables.limits = false
    nftables(nft.deleteTable(PEERS))
    // What was left of the former ones goes too, which brings one more look.
    for (let turns = 0; turns < 5; turns++) turn()
    expect(happened).toEqual([1, 2].map(() => expect.stringMatching(/^filter refused: /)))
    turn(5000)
    turn()
    expect(happened).toHaveLength(3)
    linux.tables.limits = true
    turn(5000)
    turn()
    expect(happened.at(-1)).toMatch(/^filter done: /)
    expect(linux.tables.table(PEERS)).toBeDefined()
  })
})

describe('an address', () => {
  const remove = (local: string): void => addresses(rt.deleteAddress({ index: 2, local, prefix: 24 }))
  beforeEach(() => {
    begin()
    kernel.addresses.add(WEB, 9)
    kernel.addresses.add(MAIL, 9)
    turn()
  })
  const dumps = (): number =>
    linux.calls.filter(
      ({ messages }) => readMessages(messages[0] ?? new Uint8Array()).messages[0]?.type === rt.RTM.getAddress,
    ).length

  test('that somebody took off is told, each group once', () => {
    remove('10.11.0.11')
    turn()
    expect(happened).toEqual(['address mail'])
    const before = dumps()
    kernel.addresses.add(MAIL, 9)
    turn()
    remove('10.11.0.10')
    remove('10.11.0.11')
    turn()
    expect(happened).toEqual(['address mail', 'address web', 'address mail'])
    expect(dumps()).toBe(before + 1)
  })
  test('that is back before anybody looked is not', () => {
    remove('10.11.0.10')
    kernel.addresses.add(WEB, 9)
    turn()
    expect(happened).toEqual([])
  })
  test('of others, or one that this process took off, makes nobody look', () => {
    addresses(rt.newAddress({ index: 2, local: '10.11.0.99', prefix: 24, label: 'left' }))
    const before = dumps()
    remove('10.11.0.99')
    kernel.addresses.remove(MAIL)
    turn()
    expect(dumps()).toBe(before)
    expect(happened).toEqual([])
  })
  test('is looked at when notices got lost', () => {
    linux.route.addresses = []
    linux.overrun(NETLINK.route)
    turn()
    turn()
    expect(happened).toEqual(['address web', 'address mail'])
  })
  test('that somebody else announces is a conflict', () => {
    linux.arrive(2, gratuitousArp('02:00:00:00:00:99', '10.11.0.11'))
    turn()
    expect(happened).toEqual(['conflict mail 02:00:00:00:00:99'])
  })
})

test('another view is watched with the sockets that there are', () => {
  begin()
  const said: string[] = []
  expect(linux.listening).toBe(2)
  kernel.watch([MAIL], { ...events, addressLost: (name, where) => said.push(name, ...where) })
  expect(linux.listening).toBe(2)
  kernel.addresses.add(MAIL, 9)
  kernel.addresses.add(WEB, 9)
  turn()
  linux.route.addresses = []
  linux.overrun(NETLINK.route)
  turn()
  turn()
  expect(said).toEqual(['mail', '10.11.0.11 on left'])
  expect(happened).toEqual([])
})
test('what announcements need is open before they are due', () => {
  kernel.watch([WEB], events)
  expect(linux.ears.filter(({ options }) => options.ethertype === undefined).map(({ index }) => index)).toEqual([2])
})
test('before it watches, and after it was closed, nothing is told or asked', () => {
  kernel.fence.build([WEB, MAIL], [])
  nftables(nft.deleteTable(TABLE))
  turn(6000)
  expect(happened).toEqual([])
  begin()
  mends = false
  nftables(nft.deleteTable(TABLE))
  turn()
  expect(happened).toHaveLength(1)
  nftables(nft.newTable(TABLE))
  kernel.close()
  turn(20_000)
  expect(happened).toHaveLength(1)
  expect(vi.getTimerCount()).toBe(0)
  expect([linux.listening, linux.ears.some(({ open }) => open)]).toEqual([0, false])
})
