/** Whose hand took a floating address off, as the lease process sees it. Needs root, and fails without it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { boottime, inNamespace } from '@lvsm/kernel'
import type { LeaseGroup } from '@lvsm/lease'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Kernel, openKernel } from '../../agent/lease/adapters/kernel/kernel.ts'
import { index, ip, ipJson, run, space, wait } from './space.ts'

const group = (name: string, address: string): LeaseGroup => ({
  name,
  digest: '0000000000000000',
  directors: ['dir1'],
  addresses: [{ address, prefix: 24, ifindex: index, kind: 'vip' }],
})
const [WEB, MAIL] = [group('web', '10.55.7.10'), group('mail', '10.55.7.11')]
/** A notice of the kernel is there within a millisecond. */
const QUIET_MS = 100

let kernel: Kernel
let lost: string[]
const promoting = (on: 0 | 1): unknown =>
  run('ip', 'netns', 'exec', space, 'sysctl', '-qw', `net.ipv4.conf.left.promote_secondaries=${on}`)
const standing = (): string[] =>
  ipJson('-4 addr show dev left').flatMap((link) =>
    (link.addr_info as { local: string }[]).map(({ local }) => local).filter((local) => local.startsWith('10.55.7.')),
  )

beforeEach(() => {
  lost = []
  kernel = inNamespace(space, () => {
    const opened = openKernel(boottime)
    opened.watch([WEB, MAIL], { addressLost: (name) => lost.push(name), fenceLost: () => undefined })
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
