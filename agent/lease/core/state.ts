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
import type { GroupState } from './group-state.ts'

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
export interface PeerState {
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
export interface WaitingRequest {
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

export interface LeaseState {
  readonly node: string
  readonly incarnation: Incarnation
  readonly random: Random
  readonly rules: Rules
  readonly roster: Roster
  readonly acceptor: Acceptor
  readonly instances: Map<string, GroupState>
  /** By node: what it said last, however long ago. */
  readonly peers: Map<string, PeerState>
  /** A peer whose last word counted other voters than this node; null when there is none. */
  dissenter: string | null
  /** So long leases may live that were lent by other voters than those that count now. */
  votersNewUntil: Instant
  /** Peers that were last seen to be two machines with one name. */
  readonly clones: Set<string>
  /** Its state could not be read at the start: this voter is silent for the longest lease of any cluster. */
  readonly stateLost: boolean
  /** When a process start that was not heard before was last answered at once, by node. */
  readonly greetedAt: Map<string, Instant>
  /** Counts the datagrams to each peer that may go over any link. */
  readonly linkTurns: Map<string, number>
  readonly counters: Record<string, number>
  view: LeaseView | null
  now: Instant
  sequence: number
  /** Counts the beats to each peer that named groups in turn. */
  readonly heartbeatTurns: Map<string, number>
  /** When each peer's next beat is due; at once to a peer that is not in it. */
  readonly heartbeatAt: Map<string, Instant>
  /** What the fence tables were last made of. */
  builtTables: string
  /** They are to be looked at when no call is out; gone: somebody changed them. */
  tablesDue: 'perhaps' | 'gone' | null
  /** The last wake that was asked for. */
  wakeAt: Instant
  standby: boolean
  stopping: boolean
  stopped: boolean
  effects: LeaseEffect[]
  /** Messages of this node to itself, delivered within the same step. */
  local: LocalMessage[]
  waitingRequests: WaitingRequest[]
  readonly durable: Durable
}

export function newLeaseState(options: LeaseCoreOptions): LeaseState {
  const rules = options.rules ?? RULES
  return {
    node: options.node,
    incarnation: options.incarnation,
    random: options.random,
    rules,
    roster: new Roster(options.incarnation),
    acceptor: new Acceptor(options.startedAt, options.state, rules),
    instances: new Map(),
    peers: new Map(),
    dissenter: null,
    votersNewUntil: NEVER_BEFORE,
    clones: new Set(),
    stateLost: !options.kept,
    greetedAt: new Map(),
    linkTurns: new Map(),
    counters: {},
    view: null,
    now: options.startedAt,
    sequence: 0,
    heartbeatTurns: new Map(),
    heartbeatAt: new Map(),
    builtTables: '',
    tablesDue: null,
    wakeAt: NEVER_BEFORE,
    standby: options.state.standby,
    stopping: false,
    stopped: false,
    effects: [],
    local: [],
    waitingRequests: [],
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
export function touch(state: LeaseState, group: string): void {
  const instance = state.instances.get(group)
  if (instance) instance.touched = true
}
export function touchAll(state: LeaseState): void {
  for (const instance of state.instances.values()) instance.touched = true
}

/** A process start that was not heard before knows nothing yet: its beats name every group as if it had just changed. */
export function renewClaims(state: LeaseState): void {
  for (const instance of state.instances.values()) instance.lastClaim = { ...instance.lastClaim, since: state.now }
}

/** Every peer is due a heartbeat now. */
export const heartbeatNow = (state: LeaseState): void => state.heartbeatAt.clear()

export function count(state: LeaseState, name: string): void {
  state.counters[name] = (state.counters[name] ?? 0) + 1
}

export function emitEvent(
  state: LeaseState,
  group: string,
  kind: LeaseEvent['kind'],
  number: number,
  reason: string,
): void {
  state.effects.push({ kind: 'event', event: { at: state.now, group, kind, number, reason } })
}
