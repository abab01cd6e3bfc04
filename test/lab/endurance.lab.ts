// lab: topology=coordinated cluster=coordinated long=yes
/** Coordinators under faults for long, two at once too: what revisions.lab.ts is short. */
import { ordeal } from './ordeal.ts'
import { scenario } from './scenario.ts'

const ROUNDS = Number(process.env['LAB_ROUNDS'] ?? 20)
/** A round with a full disk takes as long as a hundred changes take. */
const ROUND_MS = 120_000

scenario(
  'coordinators under many faults keep every acknowledged change, and no lease moves for it',
  () => ordeal(ROUNDS, true),
  ROUNDS * ROUND_MS,
)
