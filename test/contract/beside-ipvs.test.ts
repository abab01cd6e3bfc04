/**
 * What stands beside IPVS on the host's kernel: the suite that the simulated one passes too. Needs root, and fails without it. Where the kernel has no
 * tunnels it has to say so; the lab has them in any case (test/lab/tun.lab.ts).
 */
import { inNamespace } from '@lvsm/kernel'
import { afterAll, describe } from 'vitest'
import { openKernel } from '../../agent/node/adapters/kernel/kernel.ts'
import { besideSuite } from '../suites/beside-ipvs.ts'
import { ip, run, space } from './space.ts'

const kernel = inNamespace(space, () => openKernel())
afterAll(() => kernel.close())
const nft = (text: string): string => run('ip', 'netns', 'exec', space, 'nft', text)
const hasTunnels = ((): boolean => {
  try {
    ip('link add probe type ipip local 10.55.7.1 remote 10.55.7.8')
    ip('link del probe')
    return true
  } catch {
    return false
  }
})()

describe('what stands beside IPVS on the kernel', () =>
  besideSuite(() => ({
    apply: (operation) => inNamespace(space, () => kernel.apply(operation))?.message ?? null,
    observe: () => inNamespace(space, () => kernel.observe({ sysctls: [], services: false })),
    spoil() {
      const [, chain = ''] = /chain (\S+) \{/.exec(nft('list table inet lvsm-nat')) ?? []
      nft(`insert rule inet lvsm-nat ${chain} counter accept`)
    },
    flush: () => void nft('delete table inet lvsm-nat'),
    hasTunnels,
    close: () => undefined,
  })))
