/** The whole state of an agent: one value, changed only inside a step. */
import {
  type CoordinatorTrouble,
  type CounterName,
  type DestinationReport,
  type Facts,
  type KeptAlerts,
  type KeptEvents,
  type KeptHooks,
  type LocalWord,
  type LogTags,
  type Outcome,
  type StateMessage,
} from '@lvsm/protocol'
import { type Instant, type Trouble } from '@lvsm/base'
import { NO_FACTS } from '@lvsm/changes'
import type { Config, NodeView, PairRing } from '@lvsm/model'
import type { Desired, Observed, Operation, OwnedRecord } from '@lvsm/plan'
import type { TrialRun } from './check/trials.ts'
import { type Checks, newChecks } from './check/member.ts'
import { newPings, type Pings } from './check/pings.ts'
import type { Ask, StandbyRun } from './command/pending.ts'
import type { Difference } from './disagreement.ts'
import type { HeardSettings } from './settings.ts'
import type { Failure, NodeEffect } from './events.ts'
import { restored } from './history/keep.ts'
import { type FlightRecorder, newFlightRecorder } from './history/recording.ts'
import { type Alerting, newAlerting } from './alerts/state.ts'
import { type Hooks, newHooks } from './hooks/state.ts'
import type { History } from './history/ring.ts'
import { type LeaseLink, newLeaseLink } from './lease-link.ts'
import type { Leaving } from './leaving/state.ts'
import type { Handover, Move } from './move/moving.ts'
import { newPaths, type Paths } from './observe/paths.ts'
import { newSockets, type Sockets } from './observe/sockets.ts'
import type { Place } from './observe/own-addresses.ts'
import type { Repaired } from './plan/fights.ts'
import type { Snapshot } from './publish/drops.ts'
import { newPublished, type Published } from './publish/published.ts'
import { newRates, type Rates } from './rates/rates.ts'
import { newSyncSilence, type SyncSilence } from './silence-state.ts'
import { newVitals, type Vitals } from './vitals/vitals.ts'
import { newRhythm, type Rhythm } from './rhythm.ts'

export interface NodeOptions {
  readonly node: string
  readonly record: OwnedRecord
  /** Different at every start. */
  readonly boot: string
  readonly startedAt: Instant
  /** ISO 8601 for people to read; nothing is decided by it. In milliseconds: the time of a word that is given here. */
  readonly wall: (at: Instant) => string
  readonly wallMs: (at: Instant) => number
  /** What this node was told of standby by itself, lately or in an earlier life. */
  readonly word: LocalWord | null
  /** It follows coordinators, and reports to them. */
  readonly follows: boolean
  /** What an earlier life remembered of what happened. */
  readonly kept: KeptEvents | null
  /** What receivers were told of what lasts; not there: nothing. */
  readonly keptAlerts?: KeptAlerts | null
  /** So long before its start no agent ran here; null, or not there: not known. Milliseconds. */
  readonly awayMs?: number | null
  /** Which hooks ended; not there: nothing is known. */
  readonly keptHooks?: KeptHooks | null
  /** As the kernel names this start of the machine; empty: not known. */
  readonly machine: string
  /** One sentence: that this agent starts, and how the one before it ended; null: that is told nobody. */
  readonly started: string | null
}

/** The last look, what was made of it, and what became of that (`plan/`). */
export interface Kernel {
  observed: Observed | null
  wanted: Desired | null
  /** Operations of the last look that are not done; empty when the kernel is as it should be. */
  pending: readonly Operation[]
  /** Of these, what is carried out in one step. */
  step: readonly Operation[]
  /** House laws that the last plan broke: it was not carried out. */
  broken: readonly string[]
  failures: readonly Failure[]
  /** What the kernel acknowledged last, while the same is wanted: whoever finds it to do again has somebody against him. */
  acknowledged: ReadonlySet<string>
  /** Looks in a row that failed, and why the last one did. */
  unread: { readonly times: number; readonly error: string }
  /** What was wanted last, as text: a plan while nothing new was wanted repairs what somebody changed. */
  wantedText: string
  /** What is ours of the IPVS table, and settings as they were before us. */
  owned: OwnedRecord
  /** Logged at the last look: what is tried again every second is said once. */
  logged: ReadonlySet<string>
  /** By operation: when a repair was told last. */
  readonly toldAt: Map<string, Instant>
  /** Address of an own link → where it was seen last (`observe/own-addresses.ts`). */
  readonly places: Map<string, Place>
  /** What is told once it stood for a while → since when (`observe/standing.ts`). */
  readonly standing: Map<string, Instant>
  /** By what was repaired within the last hour (`plan/fights.ts`). */
  readonly repaired: Map<string, Repaired>
}

export interface HeardState {
  readonly at: Instant
  readonly message: StateMessage
  /** Of its wall clock (`clocks.ts`). */
  readonly walls: readonly number[]
}

export interface NodeState extends Pick<NodeOptions, 'node' | 'boot' | 'follows' | 'startedAt' | 'wall' | 'wallMs'> {
  readonly awayMs: number | null
  now: Instant
  effects: NodeEffect[]
  /** Null before the first configuration. */
  config: Config | null
  view: NodeView | null
  secrets: ReadonlyMap<number, string>
  ring: PairRing | null
  facts: Facts
  word: LocalWord | null
  /** The coordinators are heard: number of the change of facts that they had; null: they are not. */
  met: number | null
  readonly rhythm: Rhythm
  /** By service and destination: who left the configuration, and is still in the table for its connections. */
  readonly leaving: Map<string, Leaving>
  readonly checks: Checks
  readonly pings: Pings
  readonly kernel: Kernel
  readonly paths: Paths
  readonly sockets: Sockets
  readonly rates: Rates
  readonly vitals: Vitals
  readonly lease: LeaseLink
  readonly states: Map<string, HeardState>
  /** By node, if it says that it has another configuration; and what exactly it has (`settings.ts`). */
  readonly differs: Map<string, Difference>
  readonly settings: Map<string, HeardSettings>
  /** By node: since when it says that it does not hear this one, and when it did last (`hearing.ts`). */
  readonly deafSince: Map<string, { readonly since: Instant; readonly saidAt: Instant }>
  /** By `node group`: since when that director knows less of its connections than this one, which owns it (`synchronised.ts`). */
  readonly unaware: Map<string, Instant>
  readonly syncSilence: SyncSilence
  /** By code and service: what this node's checks find otherwise than the owner's, since when (`differing.ts`). */
  readonly differing: Map<string, { readonly trouble: Trouble; readonly since: Instant }>
  /** By `node group`. */
  readonly readiness: Map<string, { readonly at: Instant; readonly why: string }>
  /** By `node service`. */
  readonly tables: Map<string, ReadonlyMap<string, DestinationReport>>
  readonly moves: Map<string, Move>
  readonly handovers: Map<string, Handover>
  readonly asks: Map<string, Ask>
  /** Answers to other nodes' questions, by `node id`, for when they are asked again; null: under way. */
  readonly answers: Map<string, Outcome | null>
  /** By node: when it was last told that this node does not do what it asked for. */
  readonly refusedAt: Map<string, Instant>
  /** By node that is no director: when something that it asked for was begun. */
  readonly begunFor: Map<string, Instant>
  /** By node: when all was told anew, because it had started. */
  readonly toldAnewAt: Map<string, Instant>
  standbyRun: StandbyRun | null
  /** Checks that are run by hand, by their number. */
  readonly trials: Map<number, TrialRun>
  /** Counts moves and questions of this process. */
  serial: number
  readonly history: History
  readonly recorder: FlightRecorder
  readonly published: Published
  readonly alerting: Alerting
  readonly hooks: Hooks
  /** By program of this node: why it is not there, since when. */
  readonly absent: Map<string, { readonly why: string; readonly at: Instant }>
  /** Of the adapters, by a name of their own. */
  readonly reported: Map<string, Trouble>
  /** What the coordinators said last of what is wrong with them: no trouble of this node, but people are told. */
  coordinators: readonly CoordinatorTrouble[]
  readonly counters: Record<string, number>
  /** Oldest first. */
  readonly snapshots: Snapshot[]
}

const newKernel = (owned: OwnedRecord): Kernel => ({
  observed: null,
  wanted: null,
  pending: [],
  step: [],
  broken: [],
  failures: [],
  acknowledged: new Set(),
  unread: { times: 0, error: '' },
  wantedText: '',
  owned,
  logged: new Set(),
  ...{ toldAt: new Map(), repaired: new Map(), places: new Map(), standing: new Map() },
})

export function newState(options: NodeOptions): NodeState {
  const { node, boot, follows, wall, wallMs, word, startedAt, record } = options
  return {
    ...{ node, boot, follows, startedAt, wall, wallMs },
    awayMs: options.awayMs ?? null,
    now: startedAt,
    effects: [],
    config: null,
    view: null,
    secrets: new Map(),
    ring: null,
    facts: NO_FACTS,
    word,
    met: null,
    rhythm: newRhythm(startedAt),
    ...{ leaving: new Map(), checks: newChecks(node) },
    pings: newPings(startedAt),
    kernel: newKernel(record),
    paths: newPaths(startedAt),
    sockets: newSockets(startedAt),
    rates: newRates(startedAt),
    vitals: newVitals(startedAt),
    lease: newLeaseLink(),
    ...{ states: new Map(), differs: new Map(), settings: new Map(), deafSince: new Map() },
    unaware: new Map(),
    syncSilence: newSyncSilence(),
    ...{ differing: new Map(), absent: new Map() },
    readiness: new Map(),
    tables: new Map(),
    moves: new Map(),
    handovers: new Map(),
    asks: new Map(),
    answers: new Map(),
    refusedAt: new Map(),
    begunFor: new Map(),
    toldAnewAt: new Map(),
    standbyRun: null,
    trials: new Map(),
    serial: 0,
    history: restored(options),
    recorder: newFlightRecorder(startedAt),
    published: newPublished(),
    alerting: newAlerting(options.keptAlerts ?? null, options.startedAt, options.wallMs(options.startedAt)),
    hooks: newHooks(options.keptHooks ?? null),
    reported: new Map(),
    ...{ coordinators: [], counters: {}, snapshots: [] },
  }
}

export const log = (state: NodeState, text: string, tags?: LogTags): void =>
  void state.effects.push({ kind: 'log', text, ...(tags ? { tags } : {}) })

export function count(state: NodeState, name: CounterName): void {
  state.counters[name] = (state.counters[name] ?? 0) + 1
}
