/** Who else announces one of our addresses: which frames are looked at, and for how long no more of them. */
import { type LeaseAddress, type LeaseGroup } from '@lvsm/protocol'
import { arpFrame, arpProbe, BROADCAST_MAC, gratuitousArp } from '@lvsm/netlink'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { lets } from '../../../../test/kit/bpf.ts'
import { FakeLinux } from '../../../../test/kit/linux.ts'
import { openRivals, type Rivals } from './address-conflict.ts'

const [OWN, RIVAL, OTHER] = ['02:00:00:00:00:02', '02:00:00:00:00:99', '02:00:00:00:00:98']
const vip = (address: string, ifindex = 2): LeaseAddress => ({ address, prefix: 24, ifindex, kind: 'vip' })
const group = (name: string, ...addresses: LeaseAddress[]): LeaseGroup => ({
  name,
  digest: '',
  directors: ['dir1'],
  addresses,
})
const WEB = group('web', vip('10.11.0.10'), vip('10.12.0.254', 3))
const MAIL = group('mail', vip('10.11.0.11'))

let linux: FakeLinux
let rivals: Rivals
let heard: string[] = []
let mac: string | undefined = OWN
beforeEach(() => {
  vi.useFakeTimers()
  linux = new FakeLinux(() => performance.now())
  linux.addLink(2, 'left', OWN)
  linux.addLink(3, 'right', OWN)
  heard = []
  mac = OWN
  rivals = openRivals(
    () => mac,
    (name, from) => heard.push(`${name} ${from}`),
    linux,
  )
})
afterEach(() => void vi.useRealTimers())
const arrive = (frame: Uint8Array, index = 2): void => {
  linux.arrive(index, frame)
  vi.advanceTimersByTime(0)
}
const open = (): number[] => linux.ears.filter((ear) => ear.open).map(({ index }) => index)

test('the sender of any ARP frame says that the address is its own', () => {
  rivals.watch([WEB, MAIL])
  for (const frame of [
    gratuitousArp(RIVAL, '10.11.0.11'),
    gratuitousArp(RIVAL, '10.11.0.11', 'reply'),
    arpFrame(RIVAL, OWN, {
      operation: 'request',
      senderMac: RIVAL,
      senderIp: '10.11.0.11',
      targetMac: OWN,
      targetIp: '10.11.0.77',
    }),
    arpFrame(RIVAL, BROADCAST_MAC, {
      operation: 'reply',
      senderMac: OTHER,
      senderIp: '10.11.0.11',
      targetMac: OWN,
      targetIp: '10.11.0.77',
    }),
  ]) {
    arrive(frame)
    vi.advanceTimersByTime(1000)
  }
  expect(heard).toEqual([`mail ${RIVAL}`, `mail ${RIVAL}`, `mail ${RIVAL}`, `mail ${OTHER}`])
})

test('who asks for it, or speaks of another, on this interface or one that it is not on, says nothing', () => {
  rivals.watch([WEB, MAIL])
  arrive(arpProbe(RIVAL, '10.11.0.10'))
  arrive(gratuitousArp(RIVAL, '10.11.0.12'))
  arrive(gratuitousArp(RIVAL, '10.12.0.254'), 2)
  arrive(gratuitousArp(RIVAL, '10.11.0.10'), 3)
  expect(heard).toEqual([])
  arrive(gratuitousArp(RIVAL, '10.12.0.254'), 3)
  expect(heard).toEqual([`web ${RIVAL}`])
})

test('this machine is none, with the MAC that it has now', () => {
  rivals.watch([WEB])
  arrive(gratuitousArp(OWN, '10.11.0.10'))
  expect(heard).toEqual([])
  mac = OTHER
  arrive(gratuitousArp(OWN, '10.11.0.10'))
  expect(heard).toEqual([`web ${OWN}`])
})
test('its own frames are no matter that the kernel hands out', () => {
  rivals.watch([WEB])
  linux.openPacket(2).send(gratuitousArp(RIVAL, '10.11.0.10'))
  vi.advanceTimersByTime(10)
  expect(heard).toEqual([])
})

test('after one word the interface is deaf for half a second, in the kernel; what is queued already counts no more', () => {
  rivals.watch([WEB, MAIL])
  for (let times = 0; times < 5; times++) linux.arrive(2, gratuitousArp(RIVAL, '10.11.0.10'))
  vi.advanceTimersByTime(0)
  expect(heard).toEqual([`web ${RIVAL}`])
  const [ear] = linux.ears
  expect(lets(ear?.program ?? [], gratuitousArp(RIVAL, '10.11.0.11'))).toBe(false)
  vi.advanceTimersByTime(499)
  arrive(gratuitousArp(RIVAL, '10.11.0.11'))
  expect(heard).toHaveLength(1)
  // The other interface hears on.
  arrive(gratuitousArp(RIVAL, '10.12.0.254'), 3)
  expect(heard).toHaveLength(2)
  vi.advanceTimersByTime(1)
  arrive(gratuitousArp(RIVAL, '10.11.0.11'))
  expect(heard).toEqual([`web ${RIVAL}`, `web ${RIVAL}`, `mail ${RIVAL}`])
})

test('frames that nobody wants to hear do not make it deaf', () => {
  rivals.watch([WEB])
  arrive(gratuitousArp(OWN, '10.11.0.10'))
  arrive(gratuitousArp(RIVAL, '10.11.0.10'))
  expect(heard).toEqual([`web ${RIVAL}`])
})

test('a flood that means nothing holds nobody up: frames with the MAC of this machine, whoever sends them', () => {
  const asked = vi.fn(() => OWN)
  const others = openRivals(asked, (name, from) => heard.push(`${name} ${from}`), linux)
  others.watch([WEB])
  for (let times = 0; times < 1000; times++) arrive(gratuitousArp(OWN, '10.11.0.10'))
  expect(asked.mock.calls.length).toBeLessThan(100)
  vi.advanceTimersByTime(500)
  arrive(gratuitousArp(RIVAL, '10.11.0.10'))
  expect(heard).toEqual([`web ${RIVAL}`])
  others.close()
})

test.each([1, 2, 249, 250, 251, 500, 501, 1000, 3500])(
  'the kernel looks for the sender among %i addresses, and hands out nothing else',
  (count) => {
    const addresses = Array.from({ length: count }, (_, at) => `10.20.${at >> 8}.${at & 255}`)
    rivals.watch([group('web', ...addresses.map((address) => vip(address)))])
    const program = linux.ears[0]?.program ?? []
    for (const address of [addresses[0], addresses[count >> 1], addresses.at(-1)] as string[])
      expect(lets(program, gratuitousArp(RIVAL, address))).toBe(true)
    expect(lets(program, gratuitousArp(RIVAL, '10.40.0.1'))).toBe(false)
    const other = gratuitousArp(RIVAL, addresses[0] ?? '')
    other[12] = 0x08
    other[13] = 0x00
    expect(lets(program, other)).toBe(false)
    arrive(gratuitousArp(RIVAL, '10.40.0.1'))
    expect(heard).toEqual([])
    arrive(gratuitousArp(RIVAL, addresses.at(-1) ?? ''))
    expect(heard).toEqual([`web ${RIVAL}`])
  },
)

test('each interface has one socket, which hears ARP and not what this machine sends', () => {
  rivals.watch([WEB, MAIL, group('ftp', vip('10.11.0.13', 0))])
  expect(open()).toEqual([2, 3])
  expect(linux.ears.map(({ options: { ethertype, ignoreOutgoing } }) => [ethertype, ignoreOutgoing])).toEqual([
    [0x0806, true],
    [0x0806, true],
  ])
})

test('is opened anew only when something changed, and forgets what it was deaf to', () => {
  rivals.watch([WEB, MAIL])
  rivals.watch([WEB, MAIL])
  expect(linux.ears).toHaveLength(2)
  arrive(gratuitousArp(RIVAL, '10.11.0.10'))
  rivals.watch([group('web', vip('10.11.0.20'))])
  expect(open()).toEqual([2])
  expect(linux.ears).toHaveLength(3)
  arrive(gratuitousArp(RIVAL, '10.11.0.20'))
  expect(heard).toEqual([`web ${RIVAL}`, `web ${RIVAL}`])
  // So is another interface.
  rivals.watch([group('web', vip('10.11.0.20', 3))])
  expect(open()).toEqual([3])
  rivals.watch([group('web', vip('10.11.0.20'))])
  // Another name for the same address is a change too.
  rivals.watch([group('mail', vip('10.11.0.20'))])
  arrive(gratuitousArp(RIVAL, '10.11.0.20'))
  expect(heard.at(-1)).toBe(`mail ${RIVAL}`)
  vi.advanceTimersByTime(1000)
})

test('an interface that is gone costs the others nothing, and is tried again with the next view', () => {
  linux.removeLink(2)
  rivals.watch([WEB, MAIL])
  expect(open()).toEqual([3])
  linux.addLink(2, 'left', OWN)
  rivals.watch([WEB, MAIL])
  expect(open()).toEqual([2, 3])
  rivals.watch([WEB, MAIL])
  expect(linux.ears).toHaveLength(3)
})

test('closing it ends its sockets and its waits', () => {
  rivals.watch([WEB, MAIL])
  arrive(gratuitousArp(RIVAL, '10.11.0.10'))
  rivals.close()
  expect(open()).toEqual([])
  vi.advanceTimersByTime(1000)
})
