/**
 * Floating addresses, and whose hand took them off, on a Linux: the real one, and the one in memory. Each subject has two
 * interfaces with a cable between them, left and right; the process is on the left one.
 */
import { type LeaseAddress, type LeaseGroup } from '@lvsm/protocol'
import type { PacketSocket } from '@lvsm/kernel'
import { arpProbe, gratuitousArp } from '@lvsm/netlink'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Kernel } from '../../agent/lease/adapters/kernel/kernel.ts'

export interface Standing {
  readonly address: string
  readonly prefix: number
  readonly label: string
}
export interface AddressSubject {
  readonly left: number
  readonly right: number
  readonly leftMac: string
  open(): Kernel
  /** A packet socket of somebody else. */
  packet(index: number): PacketSocket
  /** Addresses of 10.55.7.0/24 on an interface, in the order of the kernel. */
  standing(device: 'left' | 'lo'): Standing[]
  promote(on: boolean): void
  /** Somebody else's hand; seconds of life where it has an end. */
  put(device: 'left' | 'lo', address: string, prefix: number, label?: string, seconds?: number): void
  takeOff(address: string, prefix: number): void
  pass(ms: number): Promise<void>
  /** Until it is so. */
  wait(condition: () => boolean): Promise<void>
  close(): void
}

const groupOn = (ifindex: number, name: string, address: string): LeaseGroup => ({
  name,
  digest: '0000000000000000',
  directors: ['dir1'],
  addresses: [{ address, prefix: 24, ifindex, kind: 'vip' }],
})
/** A notice of the kernel is there within a millisecond. */
const QUIET_MS = 100
/** So long the kernel drops more of the same. */
const DEAF_MS = 500
const LONG = 10
const DONE = { result: 'done', error: '' }
const RIVAL = '02:00:00:00:00:99'

export function addressSuite(make: () => AddressSubject): void {
  let subject: AddressSubject
  let kernel: Kernel
  let [web, mail]: LeaseGroup[] = []
  let lost: string[] = []
  let rivals: string[] = []
  const local = (): string[] => subject.standing('left').map(({ address }) => address)
  const groups = (): LeaseGroup[] => [web as LeaseGroup, mail as LeaseGroup]

  beforeEach(() => {
    lost = []
    rivals = []
    subject = make()
    web = groupOn(subject.left, 'web', '10.55.7.10')
    mail = groupOn(subject.left, 'mail', '10.55.7.11')
    kernel = subject.open()
    kernel.watch(groups(), {
      addressLost: (name) => lost.push(name),
      conflict: (name, mac) => rivals.push(`${name} ${mac}`),
      fenceLost: () => undefined,
      filterLost: () => undefined,
    })
    // Nothing else is in their network: the first is the primary address, the second a secondary one.
    for (const one of groups()) expect(kernel.addresses.add(one, LONG)).toEqual(DONE)
  })
  afterEach(() => {
    for (const one of groups()) kernel.addresses.remove(one)
    kernel.close()
    subject.close()
  })

  test('they bear the label of floating ones', () => {
    expect(subject.standing('left')).toEqual([
      { address: '10.55.7.10', prefix: 24, label: 'left:lvsm' },
      { address: '10.55.7.11', prefix: 24, label: 'left:lvsm' },
    ])
  })

  test('they go by themselves when nobody adds them again, and the process hears of it', async () => {
    expect(kernel.addresses.add(groups()[1] as LeaseGroup, 2)).toEqual(DONE)
    await subject.pass(1200)
    expect(kernel.addresses.add(groups()[1] as LeaseGroup, 2)).toEqual(DONE)
    await subject.pass(1200)
    expect(local()).toEqual(['10.55.7.10', '10.55.7.11'])
    expect(lost).toEqual([])
    await subject.wait(() => lost.length > 0)
    expect(lost).toEqual(['mail'])
    expect(local()).toEqual(['10.55.7.10'])
  })

  test('an address that somebody takes off is told as lost; one that this process takes off is not, nor when it is back at once', async () => {
    subject.promote(true)
    kernel.addresses.remove(groups()[0] as LeaseGroup)
    kernel.addresses.add(groups()[0] as LeaseGroup, LONG)
    await subject.pass(QUIET_MS)
    expect(lost).toEqual([])
    subject.takeOff('10.55.7.10', 24)
    await subject.wait(() => lost.length > 0)
    expect(lost).toEqual(['web'])
  })

  test('the kernel takes the secondary addresses off with the primary one of their network: they are lost', async () => {
    subject.promote(false)
    kernel.addresses.remove(groups()[0] as LeaseGroup)
    expect(local()).toEqual([])
    await subject.wait(() => lost.length > 0)
    expect(lost).toEqual(['mail'])
  })

  test('where secondary addresses are promoted, a group that leaves takes none of another along', async () => {
    subject.promote(true)
    kernel.addresses.remove(groups()[0] as LeaseGroup)
    await subject.pass(QUIET_MS)
    expect(local()).toEqual(['10.55.7.11'])
    expect(lost).toEqual([])
  })

  test('who announces one of our addresses is told, and a flood of it is one word in half a second', async () => {
    const [rival, own] = [subject.packet(subject.right), subject.packet(subject.left)]
    own.send(gratuitousArp(subject.leftMac, '10.55.7.10'))
    rival.send(gratuitousArp(RIVAL, '10.55.7.12'))
    rival.send(arpProbe(RIVAL, '10.55.7.10'))
    rival.send(gratuitousArp(subject.leftMac, '10.55.7.10'))
    for (let times = 0; times < 200; times++) rival.send(gratuitousArp(RIVAL, '10.55.7.11'))
    await subject.wait(() => rivals.length > 0)
    rival.send(gratuitousArp(RIVAL, '10.55.7.10'))
    await subject.pass(QUIET_MS)
    expect(rivals).toEqual([`mail ${RIVAL}`])
    await subject.pass(DEAF_MS)
    rival.send(gratuitousArp(RIVAL, '10.55.7.10'))
    await subject.wait(() => rivals.length > 1)
    expect(rivals).toEqual([`mail ${RIVAL}`, `web ${RIVAL}`])
    rival.close()
    own.close()
  })

  test('an address is taken off where it was put, whatever interface and prefix a later view shows for it', () => {
    subject.promote(true)
    const [first] = groups() as [LeaseGroup]
    const [address] = first.addresses as [LeaseAddress]
    for (const later of [
      { ...address, prefix: 32 },
      { ...address, ifindex: 0 },
      { ...address, ifindex: subject.right },
    ]) {
      kernel.addresses.add(first, LONG)
      expect(kernel.addresses.remove({ ...first, addresses: [later] })).toEqual(DONE)
      expect(local()).toEqual(['10.55.7.11'])
    }
  })

  test('what is not there is off; an interface that is not there cannot bear an address', () => {
    subject.promote(true)
    const [first] = groups() as [LeaseGroup]
    expect(kernel.addresses.remove(first)).toEqual(DONE)
    expect(kernel.addresses.remove(first)).toEqual(DONE)
    const nowhere = groupOn(4711, 'ftp', '10.55.7.13')
    expect(kernel.addresses.add(nowhere, LONG)).toMatchObject({
      result: 'refused',
      error: expect.stringMatching(/no such network interface/),
    })
    expect(kernel.addresses.remove(nowhere)).toEqual(DONE)
  })

  test("the first tables of a process sweep a predecessor's addresses off, and nobody else's", () => {
    subject.put('left', '10.55.7.99', 24)
    subject.put('left', '10.55.7.97', 24, 'left:lvsm')
    subject.put('left', '10.55.7.96', 24, undefined, 60)
    subject.put('lo', '10.55.7.98', 32, 'lo:lvsm')
    const next = subject.open()
    expect(next.fence.build([], [])).toMatchObject(DONE)
    // An alias of a realserver has no end, and another program's address no label of ours.
    expect(local().toSorted()).toEqual(['10.55.7.96', '10.55.7.97', '10.55.7.99'])
    expect(subject.standing('lo').map(({ address }) => address)).toEqual(['10.55.7.98'])
    expect(next.addresses.add(groups()[0] as LeaseGroup, LONG)).toMatchObject(DONE)
    expect(next.fence.build(groups(), [])).toMatchObject(DONE)
    expect(local()).toContain('10.55.7.10')
    next.addresses.remove(groups()[0] as LeaseGroup)
    next.fence.clear()
    next.close()
  })
}
