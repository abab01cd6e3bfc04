/** The whole state of a lease process: one value, changed only inside a step. */
import { type Instant, NEVER_BEFORE, type Random } from '@lvsm/base'
import { type GroupClaim, Roster } from '@lvsm/heartbeat'
import {
  Acceptor,
  type DurableState,
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
  /** As a predecessor left it. Where that is lost: the longest lease that any cluster may have. */
  readonly state: DurableState
  /** False: it is not on disk, but what a voter without a memory must assume. */
  readonly kept: boolean
  /** For tests that plant a mistake. */
  readonly rules?: Rules
}
/** What a peer said about a group when it last did. */
export interface Claim extends GroupClaim {
  readonly at: Instant
}
/** What a peer's process start said about itself in its beats. */
export interface PeerWord {
  readonly incarnation: Incarnation
  /** Of the datagram that brought it. */
  readonly sequence: number
  readonly standby: boolean
  /** Digest of the voters that it counts. */
  readonly voters: string
  readonly claims: Map<string, Claim>
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

export interface Durable {
  /** As it is on disk for certain; null when that is not known. */
  onDisk: DurableState | null
  writing: DurableState | null
  writingSince: Instant
  retryAt: Instant
  /** Why the last write failed; empty when it did not. */
  fault: string
}

export interface Station {
  readonly node: string
  readonly incarnation: Incarnation
  readonly random: Random
  readonly rules: Rules
  readonly roster: Roster
  readonly acceptor: Acceptor
  readonly seats: Map<string, Seat>
  /** By node: what it said last, however long ago. */
  readonly peers: Map<string, PeerWord>
  /** A peer whose last word counted other voters than this node; null when there is none. */
  dissenter: string | null
  /** So long leases may live that were lent by other voters than those that count now. */
  votersNewUntil: Instant
  /** Peers that were last seen to be two machines with one name. */
  readonly doubles: Set<string>
  /** Its state could not be read at the start: this voter is silent for the longest lease of any cluster. */
  readonly stateLost: boolean
  /** When a process start that was not heard before was last answered at once, by node. */
  readonly greetedAt: Map<string, Instant>
  /** Counts the datagrams to each peer that may go over any link. */
  readonly turns: Map<string, number>
  readonly counters: Record<string, number>
  view: LeaseView | null
  now: Instant
  sequence: number
  /** Counts the beats to each peer that named groups in turn. */
  readonly told: Map<string, number>
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
  readonly durable: Durable
}

export function newStation(options: LeaseCoreOptions): Station {
  const rules = options.rules ?? RULES
  return {
    node: options.node,
    incarnation: options.incarnation,
    random: options.random,
    rules,
    roster: new Roster(options.incarnation),
    acceptor: new Acceptor(options.startedAt, options.state, rules),
    seats: new Map(),
    peers: new Map(),
    dissenter: null,
    votersNewUntil: NEVER_BEFORE,
    doubles: new Set(),
    stateLost: !options.kept,
    greetedAt: new Map(),
    turns: new Map(),
    counters: {},
    view: null,
    now: options.startedAt,
    sequence: 0,
    told: new Map(),
    beatAt: new Map(),
    guarded: '',
    guardDue: null,
    wakeAt: NEVER_BEFORE,
    standby: options.state.standby,
    stopping: false,
    stopped: false,
    effects: [],
    local: [],
    waiting: [],
    durable: {
      onDisk: options.kept ? options.state : null,
      writing: null,
      writingSince: NEVER_BEFORE,
      retryAt: NEVER_BEFORE,
      fault: '',
    },
  }
}

/** Something happened that its group has to look at before the step ends. */
export function touch(station: Station, group: string): void {
  const seat = station.seats.get(group)
  if (seat) seat.touched = true
}
export function touchAll(station: Station): void {
  for (const seat of station.seats.values()) seat.touched = true
}

/** A process start that was not heard before knows nothing yet: its beats name every group as if it had just changed. */
export function tellAll(station: Station): void {
  for (const seat of station.seats.values()) seat.claim = { ...seat.claim, since: station.now }
}

/** Every peer is due a heartbeat now. */
export const beatNow = (station: Station): void => station.beatAt.clear()

export function count(station: Station, name: string): void {
  station.counters[name] = (station.counters[name] ?? 0) + 1
}

export function tell(station: Station, group: string, kind: LeaseEvent['kind'], number: number, reason: string): void {
  station.effects.push({ kind: 'event', event: { at: station.now, group, kind, number, reason } })
}
