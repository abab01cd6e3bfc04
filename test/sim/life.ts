/** One seed, one life of a cluster: it starts, suffers, heals, and must settle. */
import { seededRandom } from '@lvsm/base'
import { heal, unleash } from './chaos.ts'
import { Cluster, HONEST } from './cluster.ts'
import { Violation } from './law.ts'
import type { Planted } from './machine.ts'
import { shapeOf } from './shape.ts'

export interface Outcome {
  readonly seed: number
  /** What was broken; null when nothing was. */
  readonly failure: string | null
  /** Whether a safety law was broken, or the cluster just did not settle. */
  readonly kind: 'passed' | 'safety' | 'liveness' | 'bug'
  readonly history: readonly string[]
  /** True milliseconds that were lived. */
  readonly lived: number
  readonly asked: number
}

const CHAOS_KEEPALIVES = 60
/** To settle: whatever is left of a quarantine and of grants, a few rounds of back-off, and then to stay so. */
const SETTLE_TERMS = 4
const SETTLE_KEEPALIVES = 15
const STAY_KEEPALIVES = 8

export function live(seed: number, planted: Planted = HONEST): Outcome {
  const cluster = new Cluster(seed, shapeOf(seededRandom(seed ^ 0x5eed)), planted)
  const outcome = (kind: Outcome['kind'], failure: string | null): Outcome => ({
    seed,
    kind,
    failure,
    history: cluster.history,
    lived: cluster.schedule.now,
    asked: cluster.law.asked,
  })
  try {
    const failure = suffer(cluster)
    return outcome(failure ? 'liveness' : 'passed', failure)
  } catch (error) {
    if (error instanceof Violation)
      return outcome('safety', `${error.message} at ${cluster.schedule.now.toFixed(1)} ms`)
    return outcome('bug', error instanceof Error ? `${error.stack}` : String(error))
  }
}

function suffer(cluster: Cluster): string | null {
  const { keepaliveMs, termMs } = cluster.shape.timing
  for (const machine of cluster.machines) machine.start()
  cluster.run(2 * termMs + 5 * keepaliveMs)
  const asleep = unsettled(cluster)
  if (asleep) return `after the start: ${asleep}`
  unleash(cluster, CHAOS_KEEPALIVES)
  // Two rounds: a process that was stopping when the faults ended is started again by the second.
  heal(cluster)
  cluster.run(2100)
  heal(cluster)
  cluster.run(SETTLE_TERMS * termMs + SETTLE_KEEPALIVES * keepaliveMs)
  for (let beats = 0; beats < STAY_KEEPALIVES; beats++) {
    const restless = unsettled(cluster)
    if (restless) return `after the healing: ${restless}`
    cluster.run(keepaliveMs)
  }
  return null
}

function unsettled(cluster: Cluster): string | null {
  for (const group of cluster.groups) {
    const why = cluster.unsettled(group)
    if (why) return why
  }
  return null
}
