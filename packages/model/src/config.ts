/** The configuration, the same on every node: checked and complete: every default filled in, every duration in milliseconds. */
import { type Family, type Timing } from '@lvsm/base'
import { type Algorithm } from '@lvsm/protocol'
import { type CheckPacing, usualPacing } from './pacing.ts'
import type { PortRange } from './ports.ts'
import type { ConfigReceiver } from './receivers.ts'
import type { IpvsTimeouts, Persistence } from './service-spec.ts'
import {
  type AnswerRoute,
  type CheckKeys,
  type CheckType,
  type Forward,
  type Protocol,
  type Scheduler,
  type Helper,
  type Placement,
  type Tunnel,
} from './tables/index.ts'

export type Role = 'director' | 'realserver' | 'witness'

export interface ConfigLink {
  readonly name: string
  readonly address: string
  readonly port: number
}
export interface ConfigNode {
  readonly name: string
  readonly roles: readonly Role[]
  readonly voter: boolean
  readonly links: readonly ConfigLink[]
}
export interface FloatingAddress {
  readonly address: string
  readonly prefix: number
  /** Null: the interface whose network the address lies in. */
  readonly interface: string | null
  readonly kind: 'vip' | 'gateway'
}
export interface ConfigGroup {
  readonly name: string
  /** Preference order. */
  readonly directors: readonly string[]
  /** VIPs, then NAT gateways, each in the order of the file. */
  readonly addresses: readonly FloatingAddress[]
  /** Hosts that an owner must be able to reach, in the order of the file. */
  readonly ping: readonly string[]
  /** Names of programs, in order. */
  readonly takeHooks: readonly string[]
  readonly releaseHooks: readonly string[]
  /** Null: as the agent runs. */
  readonly hookUser: string | null
  /** Of each. */
  readonly hookTimeoutMs: number
}
export interface ConfigCheck {
  readonly type: CheckType
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Failures in a row that make a realserver failed; successes in a row that make it healthy again. */
  readonly fall: number
  readonly rise: number
  /** Keys of this type alone, as the file has them: they go on to the probe as they are. */
  readonly keys: CheckKeys
  /** Null: where the realserver serves. */
  readonly port: number | null
  /** Does the last living realserver stay in the table when its check fails too? */
  readonly keepLast: boolean
  /** Does the realserver's own agent tell, too, whether somebody listens there, and accepts? */
  readonly ownView: boolean
  /** Through IPVS to the VIP, as clients come; not there: to the realserver's own address. */
  readonly via?: 'vip'
  /** Its realservers have the verdicts of this service's check, and its own, of type none, asks nobody; not there: it has one of its own. */
  readonly track?: string
  readonly pacing: CheckPacing
}
export interface ConfigRealserver {
  readonly node: string
  readonly address: string
  readonly port: number
  readonly forward: Forward
  /** The floating address that is the realserver's default route, where its forwarding method needs one. */
  readonly gateway: string | null
  /** How its answers get there; not there: by its default route. */
  readonly route?: AnswerRoute
  /** In what packets for it are wrapped; not there: its forwarding method wraps none. */
  readonly tunnel?: Tunnel
  /** UDP; not there: its tunnel has no port. */
  readonly tunnelPort?: number
  /** Where it has the VIP for itself; not there: on lo, or its forwarding method gives it none. */
  readonly placement?: Placement
  readonly weight: number
  /** Connections at which it gets no new ones, and under which it gets some again; not there: no limit. */
  readonly upper?: number
  readonly lower?: number
  /** It serves only while the others are below their quorum; not there: it is no backup. */
  readonly backup?: boolean
  /** No agent runs there: it is no node, and `node` is its name; not there: one does. */
  readonly agent?: false
}
export interface ConfigService {
  readonly name: string
  readonly group: string
  readonly address: string
  /** 0: it has several. */
  readonly port: number
  /** Of one on several ports; then it has a mark, and the realservers' port is 0: the one that the client asked for. */
  readonly ports?: readonly PortRange[]
  readonly fwmark?: number
  readonly family?: Family
  readonly protocol: Protocol
  readonly scheduler: Scheduler
  /** In the order of its row. */
  readonly schedulerFlags: readonly string[]
  /** Each packet is scheduled by itself. */
  readonly onePacket: boolean
  /** Null: each connection is scheduled anew. */
  readonly persistence: Persistence | null
  /** A module of IPVS reads what its clients say, and lets further connections in; not there: none does. */
  readonly helper?: Helper
  /** Weight of healthy realservers under which backups serve. */
  readonly quorum: number
  /** Lost under the quorum less this, back from the quorum and this on. */
  readonly hysteresis: number
  readonly check: ConfigCheck
  readonly realservers: readonly ConfigRealserver[]
}
/** How directors tell each other of their connections. */
export interface ConfigSync {
  /** The heartbeat link that carries it. */
  readonly link: string
  /** 1 to 255: a director takes no connections of another id. */
  readonly id: number
  /** Multicast address. */
  readonly group: string
  readonly port: number
}
export interface ConfigKey {
  readonly id: number
  readonly algorithm: Algorithm
  /** Hexadecimal digits; null when it stands in `file`. */
  readonly secret: string | null
  readonly file: string | null
}
/** Where each node listens: for metrics and health, or as an agent of HAProxy's. */
export interface ConfigMonitoring {
  readonly port: number
  /** Null: each node's first. */
  readonly link: string | null
}
export interface Config {
  readonly cluster: string
  readonly revision: number
  /** Number of the set of voters (packages/lease/PROTOCOL.md, section 8); 1 in a file of an operator's. */
  readonly epoch: number
  /** It is what coordinators have, and no file of an operator's: whoever reads it says so. */
  readonly followed: boolean
  readonly timing: Timing
  /** Of each director's kernel; a figure that is null is not touched. */
  readonly ipvsTimeouts: IpvsTimeouts
  /** Null: nothing listens. */
  readonly monitoring: ConfigMonitoring | null
  readonly agentCheck: ConfigMonitoring | null
  readonly keys: readonly ConfigKey[]
  readonly signWith: number
  /** Null: connections are known to their director alone, and end with it. */
  readonly sync: ConfigSync | null
  readonly nodes: readonly ConfigNode[]
  readonly groups: readonly ConfigGroup[]
  readonly services: readonly ConfigService[]
  /** Who is told of troubles. */
  readonly receivers: readonly ConfigReceiver[]
}

/**
 * So many groups of one director were measured to work, at this keepalive or a longer one, on a machine that had other things
 * to do (`npm run bench -- groups`): one that owns them all takes an eighth of a core, and loses no lease.
 */
export const GROUPS_PER_DIRECTOR = { most: 48, keepaliveMs: 100 } as const

/** For more of them no code path was made, or nobody has seen it work: a list without bound is a file of somebody else, or a slip. */
export const MOST = {
  nodes: 256,
  links: 8,
  keys: 16,
  flags: 8,
  /** And ranges, of one service: each is a rule of nftables. */
  ports: 64,
  /** Connections of one realserver: the kernel counts no further. */
  threshold: 0x7fffffff,
  /** Of all realservers of a service together. */
  weight: 0xffffff,
  /** Of persistence, and of a connection that is idle: a week; the kernel counts ticks in 31 bits. */
  timeoutSeconds: 604_800,
  services: 1000,
  receivers: 16,
  hooks: 8,
  realserversOfService: 256,
  realservers: 10_000,
  /** Of all groups, at a keepalive of 100 ms or more: an owner renews each of its addresses every few seconds, between its leases. */
  addresses: 1000,
  /** Each second, by one director: beyond it an agent does nothing but check. */
  checksPerSecond: 5000,
  /** Each second, heard by one node. */
  heartbeatsPerSecond: 5000,
} as const
/** Of a configuration: what comes before is forgotten. By default, and at most. */
export const KEPT_REVISIONS = 1000
export const MOST_REVISIONS = 10_000
/** Up to here it was seen to work; above, `--check` says so. */
export const SEEN_TO_WORK = { nodes: 50, realservers: 2000, checksPerSecond: 2000, heartbeatsPerSecond: 1000 } as const

/** Ping nodes of one group, and different ones in the whole file: each director asks all of its own each second. */
export const MOST_PING_NODES = { group: 8, cluster: 32 } as const

/** Shortest heartbeat secret, in bytes (RFC 2104: not under half the digest). */
export const SHORTEST_SECRET = 16
/** No hash uses more of it, and the lease process is told of no longer one. */
export const LONGEST_SECRET = 128

/** Of a hook that does not say otherwise, and the bounds of what it may say. */
export const HOOK_TIMEOUT = { usualMs: 10_000, leastMs: 100, mostMs: 300_000 } as const

/** Used where a key does not say how it signs. */
export const DEFAULT_ALGORITHM: Algorithm = 'sha256'

/** Used where a service says nothing about its check; its type is that of its protocol (`usualCheck`). */
export const DEFAULT_CHECK: Omit<ConfigCheck, 'type'> = {
  keys: {},
  port: null,
  intervalMs: 1000,
  timeoutMs: 500,
  fall: 3,
  rise: 2,
  keepLast: true,
  ownView: false,
  pacing: usualPacing(1000),
}
/** Longest time that a realserver is held out which fails again and again, in milliseconds. */
export const LONGEST_HOLD_MS = 300_000
