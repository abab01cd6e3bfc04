/** The suite of floating addresses on a Linux in memory. The real one passes it in test/contract/addresses.test.ts. */
import { instant } from '@lvsm/base'
import { rtnetlink } from '@lvsm/netlink'
import { afterEach, beforeEach, describe, vi } from 'vitest'
import { openKernel } from '../../agent/lease/adapters/kernel/kernel.ts'
import { FakeLinux } from '../kit/linux.ts'
import { type AddressSubject, addressSuite } from './addresses.ts'

const INDEX = { lo: 1, left: 2, right: 3 }
const STEP_MS = 10
const LONGEST_MS = 5000

function inMemory(): AddressSubject {
  const linux = new FakeLinux(() => performance.now())
  linux.addLink(INDEX.lo, 'lo', '')
  linux.addLink(INDEX.left, 'left', '02:00:00:00:00:02')
  linux.addLink(INDEX.right, 'right', '02:00:00:00:00:03')
  linux.cables.set(INDEX.left, INDEX.right).set(INDEX.right, INDEX.left)
  const other = linux.openNetlink(0)
  const must = (message: Uint8Array): void => {
    const failed = other.apply([message])
    if (failed) throw new Error(failed.message)
  }
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= STEP_MS) {
      await vi.advanceTimersByTimeAsync(Math.min(left, STEP_MS))
      linux.route.tick()
    }
  }
  return {
    left: INDEX.left,
    right: INDEX.right,
    leftMac: '02:00:00:00:00:02',
    open: () => openKernel(() => instant(performance.now()), linux),
    packet: (index) => linux.openPacket(index),
    standing: (device) =>
      linux.route.addresses
        .filter(({ index, local }) => index === INDEX[device] && local.startsWith('10.55.7.'))
        .map(({ local: address, prefix, label }) => ({ address, prefix, label })),
    promote: (on) => {
      linux.route.promotes = on
    },
    put: (device, local, prefix, label = device, seconds = rtnetlink.FOREVER) =>
      must(rtnetlink.newAddress({ index: INDEX[device], local, prefix, label, validSeconds: seconds })),
    takeOff: (local, prefix) => must(rtnetlink.deleteAddress({ index: INDEX.left, local, prefix })),
    pass,
    wait: async (condition) => {
      for (let waited = 0; !condition(); waited += STEP_MS) {
        if (waited > LONGEST_MS) throw new Error('waited in vain')
        await pass(STEP_MS)
      }
    },
    close: () => undefined,
  }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())
describe('floating addresses in memory', () => addressSuite(inMemory))
