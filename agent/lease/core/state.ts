/** State of the lease process: one value, changed only inside a step. */
import {
  type CounterName,
  type DurableState,
  type GroupClaim,
  type Incarnation,
  type LeaseEvent,
  type LeaseMessage,
  type LeaseView,
  type Request,
} from '@lvsm/protocol'
import { earlier, type Instant, NEVER_BEFORE, type Random, type TokenBucket, type Trouble } from '@lvsm/base'
import { PeerTable } from '@lvsm/heartbeat'
import { Acceptor, RULES, type Rules } from '@lvsm/lease'
import type { Asker, LeaseEffect } from './events.ts'
import type { GroupState } from './group-state.ts'
import { type Delay, newDelay } from './delays.ts'
import { type Epochs, newEpochs } from './epochs.ts'
import { type LinkState, newLinkState } from './link-state.ts'
import { isNoted } from './noted.ts'
import { newRelayLane, type RelayLane } from './relay-lane.ts'

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
/** A peer's latest claim about a group, from its heartbeats. */
export interface Claim extends GroupClaim {
  readonly at: Instant
}
/** A peer's incarnation, as its latest heartbeat describes it. */
export interface PeerState {
  readonly incarnation: Incarnation
  /** Sequence of the datagram that brought it: an older one is outdated. */
  readonly sequence: number
  readonly standby: boolean
  /** Digest of the voters that it counts. */
  readonly voters: string
  /** That it acts on, and the one that it could act on at once: 0 where there is none. */
  readonly epoch: number
  readonly nextEpoch: number
  /** When its vote can be had there. */
  readonly votesAt: Instant
  /** Why its agent is not there; empty: it is. */
  readonly agentless: string
  readonly claims: Map<string, Claim>
}
/** A REQUEST that is kept until this node's vote is free (packages/lease/PROTOCOL.md 3.7). */
export interface WaitingRequest {
  readonly sender: Asker
  readonly message: Request
  readonly until: Instant
}

/** The state file: what is on disk for certain, and the write that is under way. */
export interface Durable {
  /** As it is on disk for certain; null when that is not known. */
  onDisk: DurableState | null
  writing: DurableState | null
  /** The view that is written with it; null where none is. */
  writingView: LeaseView | null
  writingSince: Instant
  retryAt: Instant
  /** Why the last write failed; empty when it did not. */
  fault: string
}

export interface LeaseState extends LinkState {
  readonly node: string
  readonly incarnation: Incarnation
  readonly random: Random
  readonly rules: Rules
  readonly peerTable: PeerTable
  readonly acceptor: Acceptor
  /** By name: each group that this node directs, or must close. */
  readonly instances: Map<string, GroupState>
  /** By node: its latest heartbeat, however old. */
  readonly peers: Map<string, PeerState>
  /** A peer whose latest heartbeat has another set of voters than this node; null when there is none. */
  dissenter: string | null
  /** Until when a lease that was lent by the previous set of voters may be valid. */
  votersNewUntil: Instant
  /** Peers of which two incarnations speak by turns: two machines with one name. */
  readonly clones: Set<string>
  /** By node: when that was told of. */
  readonly cloneToldAt: Map<string, Instant>
  /** By group and sentence: when a note was told last. */
  readonly notedAt: Map<string, Instant>
  /** Nodes that asked for a lease number out of reach. */
  readonly jumpers: Set<string>
  /** The state file could not be read at the start: quarantine for the longest lease of any cluster. */
  readonly stateLost: boolean
  /** By node: when a new incarnation was last answered at once. */
  readonly greetedAt: Map<string, Instant>
  /** Of the adapters, by a name of their own. */
  readonly reported: Map<string, Trouble>
  /** By node: how many messages of its agent are still passed on now. */
  readonly relayBudgets: Map<string, TokenBucket>
  readonly counters: Record<string, number>
  /** That is acted on. */
  view: LeaseView | null
  readonly epochs: Epochs
  now: Instant
  sequence: number
  /** By node: heartbeats that named only some groups; chooses the next ones. */
  readonly heartbeatTurns: Map<string, number>
  /** By node: when the next heartbeat to it is due. A peer that is missing here gets one at once. */
  readonly heartbeatAt: Map<string, Instant>
  /** Content of the fence tables as last built, to see a difference. */
  builtTables: string
  /** The tables must be checked (`perhaps`) or rebuilt (`gone`: somebody changed them) once no call is out. */
  tablesDue: 'perhaps' | 'gone' | null
  /** Who is dead, as it was told last. */
  deadTold: string
  /** The timer that was last asked for. */
  wakeAt: Instant
  standby: boolean
  /** Why the agent of this node is not there, for the others; empty: it is. */
  agentless: string
  stopping: boolean
  stopped: boolean
  effects: LeaseEffect[]
  /** Messages of this node to itself, delivered within the same step. */
  local: { readonly sequence: number; readonly message: LeaseMessage }[]
  waitingRequests: WaitingRequest[]
  readonly durable: Durable
  readonly delays: Readonly<Record<'loop' | 'renewal', Delay>>
  /** The last time that the timer was due long before a step came. */
  stoodStill: { readonly ms: number; readonly until: Instant } | null
  readonly relays: RelayLane
}

export function newLeaseState(options: LeaseCoreOptions): LeaseState {
  const rules = options.rules ?? RULES
  return {
    node: options.node,
    incarnation: options.incarnation,
    random: options.random,
    rules,
    peerTable: new PeerTable(options.incarnation),
    acceptor: new Acceptor(options.startedAt, options.state, rules),
    instances: new Map(),
    peers: new Map(),
    dissenter: null,
    votersNewUntil: NEVER_BEFORE,
    clones: new Set(),
    cloneToldAt: new Map(),
    notedAt: new Map(),
    jumpers: new Set(),
    stateLost: !options.kept,
    greetedAt: new Map(),
    ...newLinkState(),
    reported: new Map(),
    relayBudgets: new Map(),
    counters: {},
    view: null,
    epochs: newEpochs(options.state.epoch ?? 1, !options.kept || options.state.epochLost === true),
    now: options.startedAt,
    sequence: 0,
    heartbeatTurns: new Map(),
    heartbeatAt: new Map(),
    builtTables: '',
    tablesDue: null,
    deadTold: '',
    wakeAt: NEVER_BEFORE,
    standby: options.state.standby,
    agentless: '',
    stopping: false,
    stopped: false,
    effects: [],
    local: [],
    waitingRequests: [],
    delays: { loop: newDelay(), renewal: newDelay() },
    stoodStill: null,
    relays: newRelayLane(options.startedAt),
    durable: {
      onDisk: options.kept ? options.state : null,
      writing: null,
      writingView: null,
      writingSince: NEVER_BEFORE,
      retryAt: NEVER_BEFORE,
      fault: '',
    },
  }
}

/** A trouble of the adapters; null: it is over. */
export function report(state: LeaseState, source: string, trouble: Trouble | null): void {
  if (trouble) state.reported.set(source, trouble)
  else state.reported.delete(source)
}

/** Marks a group for the tick of this step: something happened to it. */
export function touch(state: LeaseState, group: string): void {
  const instance = state.instances.get(group)
  if (instance) instance.touched = true
}
/** Its timers are looked at by then: something that they hang on may end earlier than it was to. */
export function lookBy(state: LeaseState, group: string, at: Instant): void {
  const instance = state.instances.get(group)
  if (instance) instance.dueAt = earlier(instance.dueAt, at)
}
export function touchAll(state: LeaseState): void {
  for (const instance of state.instances.values()) instance.touched = true
}

/** Counts every group's claim as changed, because a new incarnation of a peer knows none of them. */
export function renewClaims(state: LeaseState): void {
  for (const instance of state.instances.values()) instance.lastClaim = { ...instance.lastClaim, since: state.now }
}

/** Makes every peer's heartbeat due now. */
export const heartbeatNow = (state: LeaseState): void => state.heartbeatAt.clear()

export function count(state: LeaseState, name: CounterName): void {
  state.counters[name] = (state.counters[name] ?? 0) + 1
}

export function emitEvent(
  state: LeaseState,
  group: string,
  kind: LeaseEvent['kind'],
  number: number,
  reason: string,
  more: Pick<LeaseEvent, 'unordered'> = {},
): void {
  if (kind === 'note' && isNoted(state, `${group} ${reason}`)) return
  state.effects.push({ kind: 'event', event: { at: state.now, group, kind, number, reason, ...more } })
}
