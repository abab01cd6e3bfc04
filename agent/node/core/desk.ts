/** What the parts of the core share. */
import type { Config, NodeView } from '@lvsm/model'
import type { Checks } from './checks.ts'
import type { Emit } from './events.ts'
import type { OwnershipStatus } from './ownership.ts'
import type { Peers } from './peers.ts'
import type { Pings } from './pings.ts'
import type { Reconciler } from './reconcile.ts'

export interface Desk {
  readonly config: Config
  readonly view: NodeView
  /** Different at every start of the process. */
  readonly boot: string
  readonly emit: Emit
  readonly checks: Checks
  readonly peers: Peers
  readonly pings: Pings
  readonly reconciler: Reconciler
  /** Null while the lease process does not answer. */
  status(): OwnershipStatus | null
}

/** How an answer to a command goes back: an HTTP status and a JSON value. */
export type Done = (status: number, body: unknown) => void
