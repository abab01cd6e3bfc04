/** What the kernel says now: what a plan starts from. */
import {
  type ClosedRoute,
  type DropRule,
  type Family,
  familyOf,
  type Netem,
  type RoutingRule,
  type SourcedWay,
} from '@lvsm/base'
import {
  type Helper,
  type IpvsTimeouts,
  type Keyed,
  type KernelMethod,
  type ServiceId,
  serviceKey,
  type ServiceSpec,
  type TunnelPort,
} from '@lvsm/model'
import type { ObservedAnswers } from './answers.ts'
import type { SyncDaemon } from './sync.ts'

export interface ObservedLink {
  readonly index: number
  readonly name: string
  readonly loopback: boolean
  /** Set up, and with a carrier. */
  readonly up: boolean
  /** Bytes that a packet on it may have; not there: not known. */
  readonly mtu?: number
  /** By which others send to it; not there: it has none, or it is not known. */
  readonly mac?: string
  /** Nobody asks for addresses there (IFF_NOARP); not there: somebody may. */
  readonly noArp?: true
  /** What somebody wrote to it; not there: nothing. */
  readonly note?: string
  /** Of a tunnel: its outer addresses; null: any. `takesAll` is false where it drops packets of the family that it carries here. */
  readonly tunnel?: {
    readonly kind: string
    readonly local: string | null
    readonly remote: string | null
    readonly takesAll?: boolean
  }
}
export interface ObservedAddress {
  /** Of the interface. */
  readonly index: number
  readonly address: string
  readonly prefix: number
  readonly label: string
  /** What leaves by the interface without a source of its own never gets this one (secondary, or of IPv6 deprecated, or not for everybody); not there: it may. */
  readonly source?: false
  /** Of IPv6, and ours: somebody took back that it is never a source by itself; not there: it is none. */
  readonly preferred?: true
  /** When it was put there, by the kernel's count; not there: it does not say. */
  readonly createdAt?: number
  /** Of an alias of ours: somebody took the route of the table `local` by which what comes for it stays here; not there: it has one. */
  readonly undelivered?: true
}
/** A route of ours by which the node takes what is for a VIP, without having it as an address. */
export interface ObservedLocalRoute {
  readonly address: string
  /** Of the interface. */
  readonly index: number
}
/** An entry of the neighbour table that somebody made by hand: the kernel asks nobody, and corrects nothing. */
export interface FixedNeighbour {
  readonly address: string
  /** Null: none of Ethernet. */
  readonly mac: string | null
  /** Of the interface. */
  readonly index: number
}
/** Who has a MAC address, as the neighbour table says. */
export interface MacHolder {
  readonly mac: string
  readonly address: string
}
/** A chain of a packet filter, at the hook of what is forwarded, that lets nothing pass. */
export interface DroppingChain {
  readonly families: readonly Family[]
  /** As nft names it. */
  readonly family: string
  readonly table: string
  readonly chain: string
}
/** To which of the addresses that were asked for the kernel has no way, and what may be to blame: read where there is such a one. */
export interface Wayless {
  /** With what the kernel says, by name; `from`: it was asked for what leaves with that source. */
  readonly none: readonly { readonly to: string; readonly from?: string; readonly code: string }[]
  readonly rules: readonly RoutingRule[]
  readonly routes: readonly ClosedRoute[]
  /** Of those that were asked for with a source, where there is a way. */
  readonly ways?: readonly SourcedWay[]
}
/** What this node sends: with an address of its own as source, where that is known. */
export interface OwnWay {
  readonly to: string
  readonly from?: string
}
/** What a server of this node answers by TCP: from an address that is its own, to a client. */
export interface AnswerWay {
  readonly to: string
  readonly from: string
  /** Of the server; 0: any. */
  readonly port: number
}
/** What delays, loses or corrupts what leaves by an interface. */
export interface ObservedNetem extends Netem {
  /** Of the interface. */
  readonly index: number
}
/** A default route of the main table. */
export interface ObservedDefault {
  /** Null: straight onto the wire. */
  readonly gateway: string | null
  readonly index: number
  /** rtm_protocol. */
  readonly protocol: number
  readonly metric: number
  /** Not there: that of its gateway, else IPv4. */
  readonly family?: Family
}
export const familyOfDefault = ({ family, gateway }: Pick<ObservedDefault, 'family' | 'gateway'>): Family =>
  family ?? (gateway === null ? 'ipv4' : familyOf(gateway))

export interface ObservedDest {
  readonly address: string
  readonly port: number
  readonly forward: KernelMethod
  /** Of `tun`, as the kernel calls it, `gue:PORT` with its port; not there: ipip. */
  readonly tunnel?: string
  readonly weight: number
  /** Connections, as the kernel counts them: established, and all others. */
  readonly active: number
  readonly inactive: number
  /** As `DesiredDest` has them. */
  readonly upper?: number
  readonly lower?: number
}
export type ObservedService = ServiceId & {
  readonly spec: ServiceSpec
  readonly dests: readonly ObservedDest[]
}
export interface Observed {
  readonly links: readonly ObservedLink[]
  readonly addresses: readonly ObservedAddress[]
  readonly defaults: readonly ObservedDefault[]
  /** Not there: there are none. */
  readonly localRoutes?: readonly ObservedLocalRoute[]
  /** Of our tables of answers; not there: nobody looked. */
  readonly answers?: ObservedAnswers
  /** By path below /proc/sys; null where the kernel has no such file. */
  readonly sysctls: ReadonlyMap<string, string | null>
  /** Null: this kernel has no IPVS (now). */
  readonly services: readonly ObservedService[] | null
  /** UDP ports on which GUE is unwrapped; not there: nobody asked. */
  readonly gue?: readonly TunnelPort[]
  /** Helper modules that are loaded → the ports that each reads; not there: nobody asked. */
  readonly helpers?: ReadonlyMap<Helper, readonly number[]>
  /** `natRulesText` of the rules that stand as they were loaded; null without our table; something else when it was changed. */
  readonly natRules: string | null
  /** Not there: nobody asked for the table of IPVS, or there is none. */
  readonly timeouts?: IpvsTimeouts
  /** Of addresses that somebody asked for: with which source a packet of this node leaves to them; one without a way is not there. */
  readonly sources?: ReadonlyMap<string, string>
  /** Not there: nobody asked. */
  readonly wayless?: Wayless
  /** Of answers to clients; not there: nobody asked. */
  readonly unanswerable?: Wayless
  /** Those that are permanent; not there: nobody asked. */
  readonly neighbours?: readonly FixedNeighbour[]
  /** Of MAC addresses that were asked for; not there: nobody asked. */
  readonly macHolders?: readonly MacHolder[]
  /** Not there: nobody asked. */
  readonly dropping?: readonly DroppingChain[]
  /** Not there: nobody looked, or this kernel has no packet schedulers. */
  readonly netem?: readonly ObservedNetem[]
  /** Of others' packet filters; not there: nobody looked, or this kernel has no nf_tables. */
  readonly dropRules?: readonly DropRule[]
  /** Daemons of connection synchronisation; not there: nobody looked; null: this kernel has no IPVS. */
  readonly syncDaemons?: readonly SyncDaemon[] | null
  /** Address of a director → packets of its connection synchronisation that came here, since our rules were loaded; not there: nobody looked. */
  readonly syncHeard?: ReadonlyMap<string, number>
}

const byKey = new WeakMap<readonly ObservedService[], ReadonlyMap<string, ObservedService>>()

/** A service in the kernel's table; asked for each service of a look, so the table is sorted once (a look never changes). */
export function observedService({ services }: Pick<Observed, 'services'>, service: Keyed): ObservedService | undefined {
  if (services === null) return undefined
  const known = byKey.get(services) ?? new Map(services.map((one) => [serviceKey(one), one]))
  byKey.set(services, known)
  return known.get(serviceKey(service))
}
