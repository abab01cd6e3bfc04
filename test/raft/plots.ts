/** Lives with more of one kind of trouble. */
import { EVEN } from './chaos.ts'
import { CHANCE, type Plot } from './life.ts'

/** Members come and go all the time. */
export const GROWTH: Plot = {
  ...CHANCE,
  name: 'growth',
  voters: [2, 4],
  spares: [2, 3],
  habits: { everyMs: [20, 150], transfers: 0.1 },
  mix: { ...EVEN, partition: 6, 'broken-disk': 0 },
}
/** Disks that are slow, full and broken. */
export const SICK: Plot = {
  ...CHANCE,
  name: 'sick disks',
  voters: [3, 5],
  tookMs: [0.5, 60],
  mix: { ...EVEN, 'slow-disk': 10, 'full-disk': 6, 'broken-disk': 4 },
}
/** Leaders that are cut off with what they were told; entries go one by one. */
export const DIVIDED: Plot = {
  ...CHANCE,
  name: 'divided',
  voters: [3, 5],
  spares: [0, 0],
  clients: 6,
  settings: { messageSize: 1, window: 2 },
  habits: { everyMs: [1000, 3000], transfers: 1 },
  downMs: [5, 400],
  everyMs: [50, 500],
  mix: { ...EVEN, partition: 12, 'one-way': 8, 'broken-disk': 0 },
}
/** The same with disks that are late: what is given up was still being written. */
export const LATE: Plot = {
  ...DIVIDED,
  name: 'late disks',
  voters: [3, 3],
  clients: 8,
  settings: { messageSize: 1, window: 4, preVote: false, stallMs: 900 },
  tookMs: [1, 180],
}
/** Elections without pre-vote, among nodes that crash for a moment. */
export const ELECTIONS: Plot = {
  ...CHANCE,
  name: 'elections',
  voters: [3, 5],
  spares: [0, 0],
  settings: { preVote: false },
  tookMs: [0.5, 80],
  downMs: [1, 60],
  everyMs: [20, 250],
  mix: { ...EVEN, crash: 20, storm: 8, 'broken-disk': 0 },
}
/** Clocks that have nothing to do with each other. */
export const DRIFT: Plot = {
  ...CHANCE,
  name: 'drift',
  voters: [3, 5],
  clients: 6,
  // The fastest clock would always lead.
  habits: { everyMs: [200, 800], transfers: 0.9 },
  rates: [0.25, 1.75],
  mix: { ...EVEN, 'one-way': 10, partition: 12, 'broken-disk': 0 },
}
/** Disks that stand still under leaders that are cut off. */
export const STUCK: Plot = {
  ...CHANCE,
  name: 'stuck disks',
  voters: [3, 3],
  spares: [0, 0],
  clients: 5,
  stuck: 0.3,
  habits: { everyMs: [100, 600], transfers: 1 },
  everyMs: [50, 500],
  mix: {
    ...EVEN,
    'slow-disk': 15,
    partition: 10,
    'one-way': 5,
    crash: 1,
    blackout: 0,
    'full-disk': 0,
    'broken-disk': 0,
  },
}
export const PLOTS: readonly Plot[] = [CHANCE, GROWTH, SICK, DIVIDED, LATE, ELECTIONS, DRIFT, STUCK]
