/** Every check, in the order of packages/plan/TRAPS.md as far as one has a row of its own. */
import type { Check } from '../check.ts'
import { ANSWER_CHECKS } from './answers.ts'
import { ADDRESS_CHECKS } from './arp.ts'
import { CONNECTION_TABLE_CHECKS } from './connection-table.ts'
import { CONNECTION_CHECKS } from './connections.ts'
import { HELD_CHECKS } from './held.ts'
import { MACHINE_CHECKS } from './machine.ts'
import { OBSTACLE_CHECKS } from './obstacles.ts'
import { POOL_CHECKS } from './pools.ts'
import { RIVAL_CHECKS } from './rivals.ts'
import { ROUTE_CHECKS } from './routes.ts'
import { TABLE_CHECKS } from './table.ts'
import { TUNNEL_CHECKS } from './tunnels.ts'

export const CHECKS: readonly Check[] = [
  ...ADDRESS_CHECKS,
  ...TUNNEL_CHECKS,
  ...ROUTE_CHECKS,
  ...ANSWER_CHECKS,
  ...TABLE_CHECKS,
  ...POOL_CHECKS,
  ...CONNECTION_CHECKS,
  ...CONNECTION_TABLE_CHECKS,
  ...MACHINE_CHECKS,
  ...RIVAL_CHECKS,
  ...OBSTACLE_CHECKS,
  ...HELD_CHECKS,
].toSorted((one, other) => (one.rows[0] ?? 0) - (other.rows[0] ?? 0))
