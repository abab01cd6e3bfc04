/** Lives the seeds that it is sent. */
import { parentPort } from 'node:worker_threads'
import { live } from './life.ts'
import { plotNamed, plotOf } from './repertoire.ts'
import type { Batch } from './soak.ts'

parentPort?.on('message', ({ seeds, plot }: Batch) => {
  const outcomes = seeds.map((seed) => live(plotNamed(plot) ?? plotOf(seed), seed))
  // What nobody will read need not travel.
  parentPort?.postMessage(
    outcomes.map((one) => (one.failure === null && seeds.length > 1 ? { ...one, history: [] } : one)),
  )
})
