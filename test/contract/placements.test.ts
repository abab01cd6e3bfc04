/**
 * VIPs of a realserver beside lo on the host's kernel: the suite that the simulated one passes too, `ip` as judge, and what the wire
 * hears. Needs root, and fails without it. Dummy devices and tunnels the lab has in any case (test/lab/placement.lab.ts).
 */
import { inNamespace } from '@lvsm/kernel'
import type { Operation } from '@lvsm/plan'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { openKernel } from '../../agent/node/adapters/kernel/kernel.ts'
import { placementSuite } from '../suites/placements.ts'
import { ip, ipJson, otherIndex, run, space } from './space.ts'

const kernel = inNamespace(space, () => openKernel())
const apply = (operation: Operation): string | null =>
  inNamespace(space, () => kernel.apply(operation))?.message ?? null
const observe = () => inNamespace(space, () => kernel.observe({ sysctls: [], services: false }))
const END = `${space}-end`
const at = (where: string, ...args: string[]): string => run('ip', 'netns', 'exec', where, ...args)
/** Null: it is well. */
const fails = (where: string, ...args: string[]): string | null => {
  try {
    at(where, ...args)
    return null
  } catch (error) {
    return String(error)
  }
}
/** What a test that failed left behind. */
const takeBack = (): void => {
  for (const one of observe().localRoutes ?? []) apply({ kind: 'local-route-remove', ...one })
}
const hasDummies = ((): boolean => {
  try {
    ip('link add probe type dummy')
    ip('link del probe')
    return true
  } catch {
    return false
  }
})()

afterAll(() => {
  kernel.close()
  run('ip', 'netns', 'del', END)
})
beforeEach(() => {
  ip('addr flush dev left')
})

describe('VIPs of a realserver on the kernel', () =>
  placementSuite(() => ({ apply, observe, hasDummies, close: takeBack })))

const VIP = '10.55.7.10'
const VIP6 = '2001:db8:55::10'
const LO = (): number => Number(ipJson('link show dev lo')[0]?.['ifindex'])

test('`ip` shows a local route as ours, and one of somebody else is none: it stays, and stands beside', () => {
  for (const address of [VIP, VIP6]) {
    ip(`${address === VIP6 ? '-6 ' : ''}route add local ${address} dev lo table local proto static`)
    expect(observe().localRoutes).toEqual([])
    const route = { address, index: LO() }
    expect(apply({ kind: 'local-route-add', ...route })).toBeNull()
    const family = address === VIP6 ? '-6 ' : ''
    expect(ipJson(`${family}route show table local ${address}`)).toMatchObject(
      expect.arrayContaining([
        expect.objectContaining({ type: 'local', dst: address, dev: 'lo', protocol: '76', metric: 76 }),
        expect.objectContaining({ protocol: 'static' }),
      ]),
    )
    expect(apply({ kind: 'local-route-remove', ...route })).toBeNull()
    expect(ipJson(`${family}route show table local ${address}`)).toHaveLength(1)
    ip(`${family}route del local ${address} dev lo table local proto static`)
  }
})

test('as a local route the node takes packets for the VIP, and nobody on the wire hears of it', () => {
  run('ip', 'netns', 'add', END)
  ip(`link set dev right netns ${END}`)
  at(END, 'ip', 'link', 'set', 'right', 'up')
  for (const [where, device, last] of [
    [space, 'left', 1],
    [END, 'right', 2],
  ] as const)
    for (const address of [`10.55.7.${last}/24`, `2001:db8:55::${last}/64`])
      at(where, 'ip', 'address', 'add', address, 'dev', device, ...(address.includes(':') ? ['nodad'] : []))
  const settings = (ignore: number, announce: number): string =>
    at(space, 'sysctl', '-qw', `net.ipv4.conf.all.arp_ignore=${ignore}`, `net.ipv4.conf.all.arp_announce=${announce}`)
  const asks = (): boolean => fails(END, 'arping', '-c', '2', '-w', '2', '-I', 'right', VIP) === null
  const routes = [VIP, VIP6].map((address) => ({ address, index: LO() }))
  expect(otherIndex).toBeGreaterThan(0)
  for (const route of routes) expect(apply({ kind: 'local-route-add', ...route })).toBeNull()
  expect(asks(), 'a kernel answers ARP for whatever is local, a route too').toBe(true)
  settings(1, 2)
  expect(asks()).toBe(false)
  // Nobody is told of it in the link's own way: packets come as a director hands them over, by the node's hardware address.
  expect(fails(END, 'ping', '-6', '-c', '1', '-W', '1', VIP6)).not.toBeNull()
  at(END, 'ip', 'route', 'add', VIP, 'via', '10.55.7.1')
  at(END, 'ip', '-6', 'route', 'add', VIP6, 'via', '2001:db8:55::1')
  expect([fails(END, 'ping', '-c', '1', '-W', '2', VIP), fails(END, 'ping', '-6', '-c', '1', '-W', '2', VIP6)]).toEqual(
    [null, null],
  )
  for (const route of routes) expect(apply({ kind: 'local-route-remove', ...route })).toBeNull()
  expect(fails(END, 'ping', '-c', '1', '-W', '1', VIP)).not.toBeNull()
  settings(0, 0)
})
