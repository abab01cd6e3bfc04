// lab: topology=coordinated cluster=coordinated long=yes
/** Coordinators under faults, one at a time; the long one is endurance.lab.ts. */
import { ordeal } from './ordeal.ts'
import { scenario } from './scenario.ts'

scenario('coordinators under faults keep every acknowledged change, and no lease moves for it', () => ordeal(4, false))
