/** The suites of the fence on the kernel's own nf_tables. Needs root, and fails without it. */
import { boottime, inNamespace } from '@lvsm/kernel'
import { nftables } from '@lvsm/netlink'
import { afterEach, describe } from 'vitest'
import { KernelFence } from '../../agent/lease/adapters/kernel/fence.ts'
import { elementSuite } from '../suites/elements.ts'
import { type FenceSubject, fenced, fenceSuite, LAYERS } from '../suites/fence.ts'
import { filter, index, space, wait } from './space.ts'

const real = (): FenceSubject => ({
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
