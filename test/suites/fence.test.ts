/** The suites of the fence on nf_tables in memory. The kernel's own passes them in test/contract/fence.test.ts. */
import { instant } from '@lvsm/base'
import { NETLINK } from '@lvsm/kernel'
import { describe } from 'vitest'
import { KernelFence } from '../../agent/lease/adapters/kernel/fence.ts'
import { FakeLinux } from '../kit/linux.ts'
import { elementSuite } from './elements.ts'
import { type FenceSubject, fenced, fenceSuite } from './fence.ts'

function inMemory(): FenceSubject {
  let now = 1000
  const linux = new FakeLinux(() => now)
  linux.addLink(2, 'left', '02:00:00:00:00:02')
  return {
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
