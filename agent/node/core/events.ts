/** Everything that can happen to the reconciler, and everything that it can do about it. */
import type { Instant, Trouble } from '@lvsm/base'
import type { OwnershipView, StandbyRequest, SwitchoverRequest } from '@lvsm/model'
import type { Observed, Operation } from '@lvsm/plan'
import type { OwnershipEvent, OwnershipStatus } from './ownership.ts'
import type { Unsent } from './pings.ts'

export type NodeRequest =
  | { readonly verb: 'switchover'; readonly body: SwitchoverRequest }
  | { readonly verb: 'standby'; readonly body: StandbyRequest }

export type NodeInput =
  | { readonly kind: 'wake' }
  | { readonly kind: 'observed'; readonly observed: Observed }
  | { readonly kind: 'observe-failed'; readonly error: string }
  /** The kernel told of a change: look again soon. */
  | { readonly kind: 'changed' }
  /** The operations that failed; all others of the last `apply` were acknowledged. */
  | {
      readonly kind: 'applied'
      readonly failures: readonly { readonly operation: Operation; readonly error: string }[]
    }
  | { readonly kind: 'checked'; readonly id: string; readonly ok: boolean; readonly reason: string }
  /** Pings were sent, all but these. */
  | { readonly kind: 'pinged'; readonly unsent: readonly Unsent[] }
  /** An answer to a ping of this very process; the number is that of its request. */
  | { readonly kind: 'ping-answered'; readonly address: string; readonly round: number }
  | { readonly kind: 'lease-up' }
  | { readonly kind: 'lease-down'; readonly reason: string }
  | { readonly kind: 'lease-status'; readonly status: OwnershipStatus }
  | { readonly kind: 'lease-event'; readonly event: OwnershipEvent }
  /** From another node's reconciler. */
  | { readonly kind: 'word'; readonly from: string; readonly text: string }
  | { readonly kind: 'request'; readonly id: string; readonly request: NodeRequest }
  /** The adapters' own troubles under one name; null: over. */
  | { readonly kind: 'trouble'; readonly source: string; readonly trouble: Trouble | null }

export type NodeEffect =
  | { readonly kind: 'observe'; readonly sysctls: readonly string[] }
  | { readonly kind: 'apply'; readonly operations: readonly Operation[] }
  /** Connect from `source` (null: as the kernel chooses) and answer with `checked`. */
  | {
      readonly kind: 'check'
      readonly id: string
      readonly address: string
      readonly port: number
      readonly source: string | null
      readonly timeoutMs: number
    }
  /** Echo requests, from the given source (null: as the kernel chooses); answered with one `pinged`. */
  | {
      readonly kind: 'ping'
      readonly round: number
      readonly targets: readonly { readonly address: string; readonly source: string | null }[]
    }
  /** To the lease process. */
  | { readonly kind: 'view'; readonly view: OwnershipView }
  | {
      readonly kind: 'ready'
      readonly group: string
      readonly ready: boolean
      readonly cutOff: boolean
      /** How many of the group's ping nodes answer. */
      readonly reaches: number
      readonly reason: string
    }
  | { readonly kind: 'switchover'; readonly group: string; readonly to: string | null; readonly reason: string }
  | { readonly kind: 'standby'; readonly on: boolean; readonly reason: string }
  /** To one node's reconciler, or to all. */
  | { readonly kind: 'word'; readonly to: string | null; readonly text: string }
  /** The answer to a `request`: an HTTP status and a JSON value. */
  | { readonly kind: 'reply'; readonly id: string; readonly status: number; readonly body: unknown }
  /** Keep this text over a restart. */
  | { readonly kind: 'record'; readonly text: string }
  | { readonly kind: 'log'; readonly text: string }
  /** The next instant at which the core wants a `wake`; replaces the earlier wish. */
  | { readonly kind: 'wake'; readonly at: Instant }

export type Emit = (effect: NodeEffect) => void
