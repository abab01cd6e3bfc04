/**
 * What can be wrong, each kind once: by the code that status, events and the console show. `TROUBLES.md` is made of this table
 * (`scripts/pages`). A kind of trouble that has no row here has no place on that page: a test looks for the code of each that is made.
 */
import { ALERTS } from './of-alerts.ts'
import { HEARTBEATS, OWNERSHIP } from './between-nodes.ts'
import type { TroubleKind } from './kind.ts'
import { MACHINE } from './of-a-machine.ts'
import { CONFIGURATION, KERNEL, STATE } from './of-a-node.ts'
import { CHECKING } from './of-checks.ts'
import { FORWARDED } from './of-forwarding.ts'
import { SERVICES } from './of-services.ts'
import { COORDINATOR_TROUBLES } from './of-coordinators.ts'
import { TRAFFIC } from './of-traffic.ts'

/** Part of the page → its kinds. */
export const TROUBLE_PARTS = {
  'Heartbeats and links': HEARTBEATS,
  'Who owns what': OWNERSHIP,
  'Packets between clients and realservers': TRAFFIC,
  'The kernel': KERNEL,
  'The machine': MACHINE,
  'Forwarding methods': FORWARDED,
  Services: SERVICES,
  Checks: CHECKING,
  'The configuration': CONFIGURATION,
  'What is kept on disk': STATE,
  Coordinators: COORDINATOR_TROUBLES,
  Alerts: ALERTS,
} as const satisfies Record<string, Readonly<Record<string, TroubleKind>>>

const KINDS = new Map<string, TroubleKind>(Object.values(TROUBLE_PARTS).flatMap((part) => Object.entries(part)))

/** Of all kinds. */
export const troubleCodes = (): string[] => [...KINDS.keys()]
/** Null: of a newer version, or a warning of the configuration, which says itself what to change. */
export const troubleKind = (code: string): TroubleKind | null => KINDS.get(code) ?? null
