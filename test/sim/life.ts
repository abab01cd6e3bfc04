/** One seed, one life of a cluster by a plot: what happens to it, and what must come of it. */
import { seededRandom } from '@lvsm/base'
import { Cluster } from './cluster.ts'
import { Violation } from './law.ts'
import { HONEST, type Plant } from './plant.ts'
import { tellWhy } from './report.ts'
import type { Plot } from './plot.ts'

export interface Outcome {
  readonly plot: string
  readonly seed: number
  /** What was broken; null when nothing was. */
  readonly failure: string | null
  /** Whether a safety law was broken, or a promise about what comes when; or the code threw. */
  readonly kind: 'passed' | 'safety' | 'liveness' | 'bug'
  readonly history: readonly string[]
  /** Everything that one must know to see why it failed; empty when it passed. */
  readonly why: string
  /** True milliseconds that were lived. */
  readonly lived: number
  readonly asked: number
}

export function live(plot: Plot, seed: number, plant: Plant = HONEST): Outcome {
  const cluster = new Cluster(seed, plot.shape(seededRandom(seed ^ 0x5eed)), plant)
  const outcome = (kind: Outcome['kind'], failure: string | null): Outcome => ({
    plot: plot.name,
    seed,
    kind,
    failure,
    history: cluster.history,
    why: failure === null ? '' : tellWhy(cluster, plot.name, `${kind}: ${failure}`),
    lived: cluster.schedule.now,
    asked: cluster.law.asked,
  })
  try {
    const failure = plot.play(cluster)
    return outcome(failure === null ? 'passed' : 'liveness', failure)
  } catch (error) {
    if (error instanceof Violation)
      return outcome('safety', `${error.message} at ${cluster.schedule.now.toFixed(1)} ms`)
    return outcome('bug', error instanceof Error ? `${error.stack}` : String(error))
  }
}
