/** A cluster of any shape suffers what chance brings, heals, and must settle. */
import { heal, unleash, unsteady } from '../chaos.ts'
import type { Cluster } from '../cluster.ts'
import { begin, type Plot, settles } from '../plot.ts'
import { shapeOf } from '../shape.ts'

const CHAOS_KEEPALIVES = 60
const STAY_KEEPALIVES = 8
/** A process that is being stopped as the faults end is started again when it has stopped. */
const STOP_MS = 2100

export const CHANCE: Plot = { name: 'chance', shape: shapeOf, play }

function play(cluster: Cluster): string | null {
  const asleep = begin(cluster)
  if (asleep !== null) return asleep
  unsteady(cluster)
  unleash(cluster, CHAOS_KEEPALIVES)
  heal(cluster)
  // Who is held up within a call goes on only when that is over.
  const heldUntil = Math.max(...cluster.machines.map(({ process }) => process?.heldUntil ?? 0))
  cluster.run(Math.max(0, heldUntil - cluster.schedule.now))
  cluster.run(STOP_MS)
  heal(cluster)
  cluster.run(cluster.quarantineMs())
  return settles(cluster, 'after the healing', STAY_KEEPALIVES)
}
