/**
 * Drift at its very bound: the holder's clock runs as slow as it may, all others as fast, the lease is the longest, and the
 * holder is frozen, so that only its deadline ends its belief; or it is cut off and held up in its last renewal for as long
 * as the fence is open, so that only the kernel's timer ends its answers. Chance alone hardly ever meets this. And drift beyond the
 * bound: there the law may break, and it does.
 */
import { DRIFT } from '@lvsm/base'
import type { Cluster } from '../cluster.ts'
import { begin, type Plot } from '../plot.ts'
import { LAB_SHAPE, LONGEST } from '../shape.ts'

/** `times`: of the bound. */
const driftOf = (times: number): Plot => ({
  name: times === 1 ? 'drift at its bound' : `drift beyond its bound, where the law may break (${times} times)`,
  shape: () => ({
    ...LAB_SHAPE,
    revisions: [{ ...LAB_SHAPE.revisions[0], timing: LONGEST }],
    rates: [1 - times * DRIFT, 1 + times * DRIFT, 1 + times * DRIFT],
  }),
  play(cluster) {
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    const { timing } = cluster.present
    const [group] = cluster.groups
    const owner = group && cluster.ownerOf(group)
    if (owner?.label === 'dir2') owner.put({ kind: 'switchover', group: group?.name ?? '', to: 'dir1', reason: 'slow' })
    cluster.run(2 * timing.leaseMs + cluster.random.next() * timing.keepaliveMs)
    if (cluster.random.next() < 0.5) freeze(cluster)
    else interfaceDown(cluster)
    cluster.run(timing.leaseMs)
    return group && cluster.ownerOf(group)?.label === 'dir2' ? null : 'dir2 did not take over'
  },
})

function freeze(cluster: Cluster): void {
  const { leaseMs } = cluster.present.timing
  cluster.machine('dir1')?.process?.freeze(2 * leaseMs)
  cluster.run(0.5 * leaseMs)
}
/** The last renewal comes as late as it may, and then nothing more. */
function interfaceDown(cluster: Cluster): void {
  const { leaseMs } = cluster.present.timing
  const owner = cluster.machine('dir1')
  cluster.network.cut(({ from, to }) => from === 'dir1' || to === 'dir1')
  cluster.run(0.5 * leaseMs)
  owner?.process?.tripUntil(() => owner.kernel.found.endOf('web', 'announce') - 0.5)
  cluster.run(0.25 * leaseMs)
  owner?.process?.freeze(2 * leaseMs)
}

export const DRIFTS: readonly Plot[] = [driftOf(1)]
export const BEYOND: Plot = driftOf(2)
