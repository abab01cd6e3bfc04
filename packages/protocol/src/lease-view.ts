/** What the ownership plane must know of the configuration: handed over by the reconciler, never parsed here. */
import type { Timing } from '@lvsm/base'

export interface LeaseLink {
  /** Name of the network; two nodes talk over the links that both have. */
  readonly name: string
  readonly address: string
  readonly port: number
}
export interface LeaseNode {
  readonly name: string
  readonly links: readonly LeaseLink[]
  readonly voter: boolean
}
export interface LeaseAddress {
  readonly address: string
  readonly prefix: number
  /** Interface index on this node; 0 where this node is no director of the group. */
  readonly ifindex: number
  readonly kind: 'vip' | 'gateway'
}
export interface LeaseGroup {
  readonly name: string
  readonly digest: string
  /** Preference order. */
  readonly directors: readonly string[]
  readonly addresses: readonly LeaseAddress[]
}
/** Hash functions of the HMAC (RFC 2104). */
export const ALGORITHMS = ['sha256', 'sha1', 'md5'] as const
export type Algorithm = (typeof ALGORITHMS)[number]

export interface HeartbeatKey {
  readonly id: number
  readonly algorithm: Algorithm
  /** Secret bytes as hexadecimal digits. */
  readonly secret: string
}
export interface LeaseView {
  readonly cluster: string
  readonly node: string
  readonly epoch: number
  readonly revision: number
  readonly timing: Timing
  readonly nodes: readonly LeaseNode[]
  readonly groups: readonly LeaseGroup[]
  readonly keys: readonly HeartbeatKey[]
  /** Id of the key that signs; all keys are accepted. */
  readonly signWith: number
}
