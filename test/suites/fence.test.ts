/** The suites of the fence on nf_tables in memory. The kernel's own passes them in test/contract/fence.test.ts. */
import { instant } from '@lvsm/base'
import { NETLINK } from '@lvsm/kernel'
import { describe } from 'vitest'
import { KernelFence } from '../../agent/lease/adapters/kernel/fence.ts'
import { FakeLinux } from '../kit/linux.ts'
import { elementSuite } from './elements.ts'
import { type FenceSubject, fenced, fenceSuite } from './fence.ts'
import { type PacketSubject, packetSuite } from './packets.ts'

const MAC = '02:00:00:00:00:02'
function inMemory(): FenceSubject & PacketSubject {
  let now = 1000
  const linux = new FakeLinux(() => now)
  linux.addLink(2, 'left', MAC)
  linux.addLink(3, 'right', '02:00:00:00:00:03')
  linux.cables.set(2, 3).set(3, 2)
  return {
    left: 2,
    leftMac: MAC,
    packet: (end) => linux.openPacket(end === 'left' ? 2 : 3),
    wait: async (condition) => {
      for (let waited = 0; !condition(); waited++) {
        if (waited > 5000) throw new Error('waited in vain')
        now += 1
      }
    },
    open: () =>
      new KernelFence(
        () => instant(now),
        (index) => linux.route.links.get(index)?.name,
        linux,
      ),
    netfilter: linux.openNetlink(NETLINK.netfilter),
    ifindex: 2,
    pass: async (ms) => {
      now += ms
    },
  }
}

describe('the fence in memory', () => elementSuite(() => fenced(inMemory())))
describe('the adapter in memory', () => fenceSuite(inMemory))
describe('packets in memory', () => packetSuite(inMemory))
