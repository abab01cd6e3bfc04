/** Whose hand took a floating address off, as the lease process sees it. Needs root, and fails without it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { boottime, inNamespace, openPacket } from '@lvsm/kernel'
import type { LeaseAddress, LeaseGroup } from '@lvsm/lease'
import { arpProbe, gratuitousArp } from '@lvsm/netlink'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Kernel, openKernel } from '../../agent/lease/adapters/kernel/kernel.ts'
import { index, ip, ipJson, otherIndex, run, space, wait } from './space.ts'

const group = (name: string, address: string): LeaseGroup => ({
  name,
  digest: '0000000000000000',
  directors: ['dir1'],
  addresses: [{ address, prefix: 24, ifindex: index, kind: 'vip' }],
})
const [WEB, MAIL] = [group('web', '10.55.7.10'), group('mail', '10.55.7.11')]
/** A notice of the kernel is there within a millisecond. */
const QUIET_MS = 100
/** So long the kernel drops more of the same. */
const DEAF_MS = 500

let kernel: Kernel
let lost: string[]
let rivals: string[]
const promoting = (on: 0 | 1): unknown =>
  run('ip', 'netns', 'exec', space, 'sysctl', '-qw', `net.ipv4.conf.left.promote_secondaries=${on}`)
const standing = (): string[] =>
  ipJson('-4 addr show dev left').flatMap((link) =>
    (link.addr_info as { local: string }[]).map(({ local }) => local).filter((local) => local.startsWith('10.55.7.')),
  )

beforeEach(() => {
  lost = []
  rivals = []
  kernel = inNamespace(space, () => {
    const opened = openKernel(boottime)
    opened.watch([WEB, MAIL], {
      addressLost: (name) => lost.push(name),
      conflict: (name, mac) => rivals.push(`${name} ${mac}`),
      fenceLost: () => undefined,
    })
    return opened
  })
  // Nothing else is in their network: the first is the primary address, the second a secondary one.
  for (const one of [WEB, MAIL]) expect(kernel.addresses.add(one)).toEqual({ ok: true, error: '' })
})
afterEach(() => {
  for (const one of [WEB, MAIL]) kernel.addresses.remove(one)
  kernel.close()
})

test('an address that somebody takes off is told as lost; one that this process takes off is not, nor when it is back at once', async () => {
  promoting(1)
  kernel.addresses.remove(WEB)
  kernel.addresses.add(WEB)
  await sleep(QUIET_MS)
  expect(lost).toEqual([])
  ip('addr del 10.55.7.10/24 dev left')
  await wait(() => lost.length > 0)
  expect(lost).toEqual(['web'])
})

test('the kernel takes the secondary addresses off with the primary one of their network: they are lost', async () => {
  promoting(0)
  kernel.addresses.remove(WEB)
  expect(standing()).toEqual([])
  await wait(() => lost.length > 0)
  expect(lost).toEqual(['mail'])
})

test('where secondary addresses are promoted, a group that leaves takes none of another along', async () => {
  promoting(1)
  kernel.addresses.remove(WEB)
  await sleep(QUIET_MS)
  expect(standing()).toEqual(['10.55.7.11'])
  expect(lost).toEqual([])
})

test('who announces one of our addresses is told, and a flood of it is one word in half a second', async () => {
  const [rival, own] = inNamespace(space, () => [openPacket(otherIndex), openPacket(index)])
  const ownMac = String(ipJson('link show dev left')[0]?.address)
  own?.send(gratuitousArp(ownMac, '10.55.7.10'))
  rival?.send(gratuitousArp('02:00:00:00:00:99', '10.55.7.12'))
  rival?.send(arpProbe('02:00:00:00:00:99', '10.55.7.10'))
  rival?.send(gratuitousArp(ownMac, '10.55.7.10'))
  for (let times = 0; times < 200; times++) rival?.send(gratuitousArp('02:00:00:00:00:99', '10.55.7.11'))
  await wait(() => rivals.length > 0)
  rival?.send(gratuitousArp('02:00:00:00:00:99', '10.55.7.10'))
  await sleep(QUIET_MS)
  expect(rivals).toEqual(['mail 02:00:00:00:00:99'])
  await sleep(DEAF_MS)
  rival?.send(gratuitousArp('02:00:00:00:00:99', '10.55.7.10'))
  await wait(() => rivals.length > 1)
  expect(rivals).toEqual(['mail 02:00:00:00:00:99', 'web 02:00:00:00:00:99'])
  rival?.close()
  own?.close()
})

test('an address is taken off where it was put, whatever interface and prefix a later view shows for it', () => {
  promoting(1)
  const [address] = WEB.addresses as [LeaseAddress]
  for (const later of [
    { ...address, prefix: 32 },
    { ...address, ifindex: 0 },
    { ...address, ifindex: otherIndex },
  ]) {
    kernel.addresses.add(WEB)
    expect(kernel.addresses.remove({ ...WEB, addresses: [later] })).toEqual({ ok: true, error: '' })
    expect(standing()).toEqual(['10.55.7.11'])
  }
})

test("the first tables of a process sweep a predecessor's addresses off, and nobody else's", () => {
  ip('addr add 10.55.7.99/24 dev left')
  ip('addr add 10.55.7.98/32 dev lo label lo:lvsm')
  const next = inNamespace(space, () => openKernel(boottime))
  expect(next.fence.build([], [])).toMatchObject({ ok: true })
  expect(standing()).toEqual(['10.55.7.99'])
  expect(ip('addr show dev lo')).toContain('10.55.7.98/32')
  expect(next.addresses.add(WEB)).toMatchObject({ ok: true })
  expect(next.fence.build([WEB], [])).toMatchObject({ ok: true })
  expect(standing()).toEqual(['10.55.7.99', '10.55.7.10'])
  next.addresses.remove(WEB)
  next.fence.clear()
  next.close()
  ip('addr del 10.55.7.99/24 dev left')
  ip('addr del 10.55.7.98/32 dev lo')
})
