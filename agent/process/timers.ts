/** Time for a driver on a real machine: its clock, its one alarm, and a turn for what came in meanwhile. */
import type { Instant } from '@lvsm/base'
import { createAlarm } from '@lvsm/kernel'

export const timersOf = (clock: () => Instant) => ({
  clock,
  alarm: (ring: () => void) => createAlarm(clock, ring),
  later: (resume: () => void): void => void setImmediate(resume),
})
