import { cut } from './cut.ts'
import type { Incarnation } from './lease-messages.ts'
import { encodeText } from './text.ts'

/** What a node says about itself in every heartbeat. */
export interface GroupClaim {
  readonly group: string
  /** Does this node hold the group's lease, and may it take it? */
  readonly holds: boolean
  readonly ready: boolean
  /** How many of the group's ping nodes it reaches. */
  readonly reaches: number
  /** Its lease number and what is left of it; 0 when it holds nothing. */
  readonly number: number
  readonly leftMs: number
  /** Of how many of its services this node can ask no realserver; missing: of none. */
  readonly blind?: number
}
export interface SentCount {
  readonly to: Incarnation
  readonly count: number
  /** Of these, heartbeats of their own over each link that both have, as the sender's come in its configuration. Missing: it is one, or there was no room. */
  readonly byLink?: readonly number[]
}
export interface Heartbeat {
  readonly kind: 'heartbeat'
  /** Revision of the configuration that the node runs. */
  readonly revision: number
  readonly standby: boolean
  /** 64-bit digest of the names of its voters, as 16 hexadecimal digits: nodes that count other voters could form two majorities. */
  readonly voters: string
  /** Of the groups that it directs: those that changed lately, and a few others in turn. */
  readonly groups: readonly GroupClaim[]
  /** The epoch that it acts on, which is on its disk; missing: 1. */
  readonly epoch?: number
  /** A higher one is on its disk, and it could act on it; missing: none. */
  readonly nextEpoch?: number
  /** Its vote can be had there only after so many milliseconds; missing: at once. */
  readonly silentMs?: number
  /** How many datagrams it addressed to which process starts before this one: a few of those that this one goes to, in turn. Missing: it does not say now. */
  readonly sent?: readonly SentCount[]
  /** Why its agent is not there: as `faultText` cuts it. Missing: it is, or nothing is said of it. */
  readonly agentless?: string
}
/** Of why the agent is not there. A letter may have three bytes, and a heartbeat must fit an Ethernet frame. */
const LONGEST_FAULT = { letters: 120, bytes: 180 } as const
/** As every heartbeat says it; whoever hears more keeps no more. */
export function faultText(fault: string): string {
  let letters: number = LONGEST_FAULT.letters
  while (encodeText(cut(fault, letters)).length > LONGEST_FAULT.bytes) letters -= 10
  return cut(fault, letters)
}
/** Opaque word from a reconciler to another: the lease process carries it and does not look inside. */
export interface Relay {
  readonly kind: 'relay'
  readonly payload: Uint8Array
}
