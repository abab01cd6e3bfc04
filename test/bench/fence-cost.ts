/** What one renewal of the fence costs this machine: the real tables, in a network namespace of their own. */
import { type LeaseGroup } from '@lvsm/protocol'
import { execFileSync } from 'node:child_process'
import { instant } from '@lvsm/base'
import { boottime, inNamespace } from '@lvsm/kernel'
import { KernelFence } from '../../agent/lease/adapters/kernel/fence.ts'

const ROUNDS = 2000
const PARTS = ['announce', 'serve'] as const
const NEVER = instant(Number.POSITIVE_INFINITY)
const GROUP: LeaseGroup = {
  name: 'web',
  digest: '0000000000000000',
  directors: [],
  addresses: [{ address: '10.55.7.10', prefix: 24, ifindex: 1, kind: 'vip' }],
}

/** Microseconds of processor time; null where this process may not. */
export function fenceCostUs(): number | null {
  const space = `lvsm-bench-${process.pid}`
  try {
    execFileSync('ip', ['netns', 'add', space], { stdio: 'ignore' })
  } catch {
    return null
  }
  try {
    const fence = inNamespace(space, () => new KernelFence(boottime, () => 'lo'))
    const order = { group: GROUP.name, parts: PARTS, timeoutMs: 60_000, notAfter: NEVER }
    if (fence.build([GROUP], []).result !== 'done' || fence.apply({ ...order, op: 'open' }).result !== 'done')
      return null
    const before = process.threadCpuUsage()
    for (let round = 0; round < ROUNDS; round++) fence.apply({ ...order, op: 'renew' })
    const { user, system } = process.threadCpuUsage(before)
    fence.close()
    return (user + system) / ROUNDS
  } finally {
    execFileSync('ip', ['netns', 'delete', space], { stdio: 'ignore' })
  }
}
