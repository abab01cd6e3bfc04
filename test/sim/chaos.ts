/** Faults let loose on a cluster, and their end. */
import { randomBetween } from '@lvsm/base'
import { QUICK, SLUGGISH } from '../kit/disk.ts'
import { BRISK, BUSY } from '../kit/kernel.ts'
import type { Cluster } from './cluster.ts'
import { FAULTS } from './faults.ts'
import { type Machine, PING_NODES } from './machine.ts'

/** Rare company needs more chances. */
const NAMES = [...Object.keys(FAULTS), 'lag', 'regroup', 'regroup']

/** Owners suffer more than others: that is where the law can break. */
function victim(cluster: Cluster): Machine {
  const owner = cluster.ownerOf(cluster.pick(cluster.groups))
  return owner && cluster.random.next() < 0.5 ? owner : cluster.pick(cluster.machines)
}

/** Kernels and disks that are as slow as they sometimes are, and stragglers on the way: no fault yet. */
export function unsteady(cluster: Cluster): void {
  cluster.network.storm({ straggle: 0.01, stragglerMs: 2 * cluster.present.timing.keepaliveMs })
  for (const { kernel, disk } of cluster.machines) {
    kernel.faults.pace = BUSY
    disk.faults = { ...SLUGGISH }
  }
}

/** One fault every few keepalives, for `keepalives` of them. */
export function unleash(cluster: Cluster, keepalives: number): void {
  const { keepaliveMs } = cluster.present.timing
  const end = cluster.schedule.now + keepalives * keepaliveMs
  const next = (): void => {
    cluster.schedule.in(randomBetween(cluster.random, 0.5, 8) * keepaliveMs, () => {
      if (cluster.schedule.now >= end) return
      FAULTS[cluster.pick(NAMES)]?.(cluster, victim(cluster))
      next()
    })
  }
  next()
  cluster.run(keepalives * keepaliveMs)
}

/** Everything is well again, and no fault that was drawn comes after this. */
export function heal(cluster: Cluster): void {
  cluster.note('all faults end')
  cluster.afflictions.cure()
  cluster.stalls = { probability: 0, longestMs: 0, flush: 0 }
  for (const machine of cluster.machines) {
    Object.assign(machine.kernel.faults, { refusal: 0, refuses: 0, denial: 0, pace: BRISK })
    machine.disk.faults = { ...QUICK }
    Object.assign(machine, { ready: true, interfaceDown: false, reaches: PING_NODES })
    machine.start()
    machine.adopt(cluster.revision)
    machine.sayReady()
    machine.process?.thaw()
    machine.put({ kind: 'standby', on: false, reason: 'healed' })
  }
}
