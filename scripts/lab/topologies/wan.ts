import type { Topology } from '../topology.ts'
import { standard } from './default.ts'

/** For scenarios that are not about time: a lease outlasts the seconds for which a shared host may hold up the guest. */
export const wan: Topology = {
  ...standard,
  name: 'wan',
  about: 'the default with the timing of the profile wan, for what is not about time',
  timing: { keepalive: '1s', lease: '5s', apply: '500ms', warntime: '3s', deadtime: '10s', drain: '500ms' },
}
