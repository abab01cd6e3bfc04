/** The whole state of a lease process: one value, changed only inside a step. */
import type { Instant, Random } from '@lvsm/base'
import { NEVER_BEFORE } from '@lvsm/base'
import { type GroupClaim, Roster } from '@lvsm/heartbeat'
import {
  Acceptor,
  type Incarnation,
  type LeaseEvent,
  type LeaseMessage,
  type LeaseView,
  type Request,
  RULES,
  type Rules,
} from '@lvsm/lease'
import type { Asker, LeaseEffect } from './events.ts'
import type { Seat } from './seat.ts'

export interface LeaseCoreOptions {
  readonly node: string
  readonly incarnation: Incarnation
  readonly random: Random
  readonly startedAt: Instant
  /** Lease numbers up to this one may have been granted before; 0 when no state was found. */
  readonly highWater: number
  /** As it was set before the process started; off when not given. */
  readonly standby?: boolean
  /** For tests that plant a mistake. */
  readonly rules?: Rules
}
/** What a peer said about a group in its last beat. */
export interface Claim extends GroupClaim {
  readonly at: Instant
  readonly standby: boolean
}
export interface LocalMessage {
  readonly sequence: number
  readonly message: LeaseMessage
}

/** A request that waits until this node's vote is free. */
export interface Waiting {
  readonly sender: Asker
  readonly message: Request
  readonly until: Instant
}

export interface Station {
  readonly node: string
  readonly incarnation: Incarnation
  readonly random: Random
  readonly rules: Rules
  readonly roster: Roster
  readonly acceptor: Acceptor
  readonly seats: Map<string, Seat>
  /** By `node/group`. */
  readonly claims: Map<string, Claim>
  readonly counters: Record<string, number>
  view: LeaseView | null
  now: Instant
  sequence: number
  /** When each peer's next beat is due; at once to a peer that is not in it. */
  readonly beatAt: Map<string, Instant>
  /** What the fence tables were last made of. */
  guarded: string
  /** They are to be looked at when no call is out; gone: somebody changed them. */
  guardDue: 'perhaps' | 'gone' | null
  /** The last wake that was asked for. */
  wakeAt: Instant
  standby: boolean
  stopping: boolean
  stopped: boolean
  effects: LeaseEffect[]
  /** Messages of this node to itself, delivered within the same step. */
  local: LocalMessage[]
  waiting: Waiting[]
}

export function newStation(options: LeaseCoreOptions): Station {
  const rules = options.rules ?? RULES
  return {
    node: options.node,
    incarnation: options.incarnation,
    random: options.random,
    rules,
    roster: new Roster(options.incarnation),
    acceptor: new Acceptor(options.startedAt, options.highWater, rules),
    seats: new Map(),
    claims: new Map(),
    counters: {},
    view: null,
    now: options.startedAt,
    sequence: 0,
    beatAt: new Map(),
    guarded: '',
    guardDue: null,
    wakeAt: NEVER_BEFORE,
    standby: options.standby ?? false,
    stopping: false,
    stopped: false,
    effects: [],
    local: [],
    waiting: [],
  }
}

export function count(station: Station, name: string): void {
  station.counters[name] = (station.counters[name] ?? 0) + 1
}

export function tell(station: Station, group: string, kind: LeaseEvent['kind'], number: number, reason: string): void {
  station.effects.push({ kind: 'event', event: { at: station.now, group, kind, number, reason } })
}
