/**
 * Drift at its very bound: the holder's clock runs as slow as it may, all others as fast, the term is the longest,
 * and the holder is frozen, so that only its deadline ends its belief. Chance alone hardly ever meets this.
 */
import { DRIFT } from '@lvsm/base'
import { Cluster } from './cluster.ts'
import { Violation } from './law.ts'
import type { Planted } from './machine.ts'
import { LAB_SHAPE, timingOf } from './shape.ts'

/** What was broken; null when nothing was. */
export function liveAtTheBound(seed: number, planted: Planted): string | null {
  const timing = timingOf(4000, 30_000)
  const cluster = new Cluster(seed, { ...LAB_SHAPE, timing, rates: [1 - DRIFT, 1 + DRIFT, 1 + DRIFT] }, planted)
  try {
    for (const machine of cluster.machines) machine.start()
    cluster.run(2 * timing.termMs + cluster.random.next() * timing.keepaliveMs)
    cluster.machine('dir1')?.process?.freeze(2 * timing.termMs)
    cluster.run(1.5 * timing.termMs)
    const [group] = cluster.groups
    return group && cluster.ownerOf(group) === 'dir2' ? null : 'dir2 did not take over'
  } catch (error) {
    if (error instanceof Violation) return error.message
    throw error
  }
}
