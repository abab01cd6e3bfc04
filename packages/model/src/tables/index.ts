/** The data plane as tables: what a configuration may ask for, and all that follows from it. */
import { CHECKS } from './checks.ts'
import { ENGINES } from './engines.ts'
import { FAMILIES } from './families.ts'
import { FORWARDING } from './forwarding.ts'
import { HELPERS } from './applications.ts'
import { PLACEMENTS } from './placements.ts'
import { KERNEL_PROTOCOLS, PROTOCOLS } from './protocols.ts'
import { ROUTES } from './routes.ts'
import { SCHEDULERS } from './schedulers.ts'
import type { Table } from './table.ts'
import { TUNNELS } from './tunnels.ts'

export { EXPIRY_DAYS } from './check-keys.ts'
export { isHeader, isSecretName, MOST_HEADERS, SECRETS_DIRECTORY } from './headers.ts'
export * from './check-notices.ts'
export * from './checks.ts'
export * from './engines.ts'
export * from './families.ts'
export * from './forwarding.ts'
export * from './applications.ts'
export * from './placements.ts'
export * from './protocols.ts'
export * from './routes.ts'
export * from './schedulers.ts'
export { namesOf } from './table.ts'
export * from './tunnels.ts'

/** All of them, by name: whoever looks for a column that is missing looks here. */
export const TABLES: Readonly<Record<string, Table>> = {
  FAMILIES,
  FORWARDING,
  TUNNELS,
  PLACEMENTS,
  ROUTES,
  SCHEDULERS,
  KERNEL_PROTOCOLS,
  PROTOCOLS,
  ENGINES,
  HELPERS,
  CHECKS,
}
