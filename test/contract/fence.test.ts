/** The suites of the fence on the kernel's own nf_tables. Needs root, and fails without it. */
import { boottime, inNamespace, openPacket } from '@lvsm/kernel'
import { nftables } from '@lvsm/netlink'
import { afterEach, beforeAll, describe } from 'vitest'
import { KernelFence } from '../../agent/lease/adapters/kernel/fence.ts'
import { elementSuite } from '../suites/elements.ts'
import { type FenceSubject, fenced, fenceSuite, LAYERS } from '../suites/fence.ts'
import { type PacketSubject, packetSuite } from '../suites/packets.ts'
import { filter, index, ip, ipJson, otherIndex, run, space, wait } from './space.ts'

const real = (): FenceSubject & PacketSubject => ({
  left: index,
  leftMac: String(ipJson('link show dev left')[0]?.address),
  packet: (end) => inNamespace(space, () => openPacket(end === 'left' ? index : otherIndex)),
  wait,
  open: () => inNamespace(space, () => new KernelFence(boottime, () => 'left')),
  netfilter: filter,
  ifindex: index,
  pass: (ms) => {
    const end = boottime() + ms
    return wait(() => boottime() >= end)
  },
})
afterEach(() => {
  for (const layer of LAYERS) filter.apply(nftables.batch([nftables.deleteTable({ family: layer, table: 'lvsm' })]))
})

describe('the fence of the kernel', () => elementSuite(() => fenced(real())))
describe('the adapter on the kernel', () => fenceSuite(real))
describe('packets in the kernel', () => {
  beforeAll(() => {
    for (const name of ['ip_forward=1', 'conf.all.rp_filter=0', 'conf.left.rp_filter=0'])
      run('ip', 'netns', 'exec', space, 'sysctl', '-qw', `net.ipv4.${name}`)
    ip('route add 10.99.0.0/16 dev right')
  })
  packetSuite(real)
})
