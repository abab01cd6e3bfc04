/** What the two processes of one node say to each other over the lease process's unix socket. */
import { type LeaseEvent, type LeaseStatus } from './lease-status.ts'
import { type LeaseView } from './lease-view.ts'

/** Reconciler to lease process. */
export type ToLease =
  | { readonly kind: 'view'; readonly view: LeaseView }
  /** `interfaceDown`: an interface of the group's addresses is gone or carries nothing, so nobody would reach an owner here. */
  | {
      readonly kind: 'ready'
      readonly group: string
      readonly ready: boolean
      readonly interfaceDown: boolean
      /** How many of the group's ping nodes answer. */
      readonly reaches: number
      readonly reason: string
      /** Of how many services of the group no realserver can be asked from here; missing: of none. */
      readonly blind?: number
      /** A service of the group of which no realserver is known here; missing: there is none. */
      readonly dark?: string
      /** By what no client of a service of the group that its owner lets through would get through here; missing: there is none. */
      readonly shut?: string
    }
  | { readonly kind: 'switchover'; readonly group: string; readonly to: string | null; readonly reason: string }
  | { readonly kind: 'standby'; readonly on: boolean; readonly reason: string }
  /** The last event that this reconciler heard, or the one before it: later ones are told again. Said only where `hello` has `events`. */
  | { readonly kind: 'told'; readonly incarnation: string; readonly serial: number }
  /** To one node's reconciler, or to all (null). At most MAX_RELAY bytes. */
  | { readonly kind: 'relay'; readonly to: string | null; readonly payload: Uint8Array }

/** Lease process to reconciler. */
export type FromLease =
  /**
   * The first word. `least`: the oldest version that understands what follows; without it, only `version`. `events`: the serial of the
   * last event that was told so far; without it none is told again.
   */
  | {
      readonly kind: 'hello'
      readonly incarnation: string
      readonly version: number
      readonly least?: number
      readonly events?: number
    }
  | { readonly kind: 'status'; readonly status: LeaseStatus }
  | { readonly kind: 'event'; readonly event: LeaseEvent }
  | { readonly kind: 'relay'; readonly from: string; readonly payload: Uint8Array }

export const MAX_RELAY = 8192
