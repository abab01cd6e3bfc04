/** What the reconciler needs of the world. */
import type { Trouble } from '@lvsm/base'
import { type AnswerWay, type Observed, type Operation, type OwnWay } from '@lvsm/plan'
import {
  type ClusterAnswer,
  type CounterName,
  type FromLease,
  type OwnReport,
  type PassedBack,
  type ToLease,
} from '@lvsm/protocol'
import { type CheckKeys, type KernelProtocol, type ProbeKind, type ReceiverType } from '@lvsm/model'
import { type Failure, type NodeInput } from './core/index.ts'

/** The kernel of this node. Every call returns after the kernel's answer. */
export interface Kernel {
  /** Throws what the kernel says. `sysctls`: paths below /proc/sys to read; `services`, `gue`, `helpers`: are the table of IPVS, ports of GUE and helper modules read, too? `sources`: addresses to which the way is asked for; `ways`: of which it is asked whether there is one; `answering`: the same of answers to clients; `neighbours`: permanent entries; `macs`: MAC addresses of which it is asked who has them; `forwarding`: chains that drop what is forwarded. */
  observe(wanted: {
    readonly sysctls: readonly string[]
    readonly services: boolean
    readonly gue?: boolean
    readonly helpers?: boolean
    readonly sources?: readonly string[]
    readonly ways?: readonly OwnWay[]
    readonly answering?: readonly AnswerWay[]
    readonly neighbours?: boolean
    readonly macs?: readonly string[]
    readonly forwarding?: boolean
  }): Observed
  /** Who waits for connections or datagrams; at ports that are `crowded`, also whether who should accept is stopped. Throws nothing: what cannot be read is said. */
  sockets(protocols: readonly KernelProtocol[], crowded: readonly number[]): Extract<NodeInput, { kind: 'sockets' }>
  /** Null: it is done. */
  apply(operation: Operation): Omit<Failure, 'operation'> | null
  /** Calls back when links, addresses, default routes or rules change. */
  watch(changed: () => void): void
  close(): void
}

export interface LeaseProcess {
  /** False when it is not connected, or reads too slowly. */
  tell(word: ToLease): boolean
  close(): void
}
export interface LeaseEvents {
  up(hello: Extract<FromLease, { kind: 'hello' }>): void
  down(reason: string): void
  heard(word: FromLease): void
  /** A frame was refused: counted by reason. */
  count(name: CounterName): void
}

/** The coordinators that this node follows. */
export interface Coordinators {
  /** Calls back with their newest revision, by a read after this call that is proved current, once it is in use; or never. */
  confirm(incarnation: string, done: (proof: Extract<NodeInput, { kind: 'confirmed' }>) => void): void
  /** The lease process acts on this epoch, which is on its disk. */
  acts(epoch: number): void
  /** The lease process accepts the keys of this ring. */
  usesRing(ring: number): void
  /** What this node is and does now; told when it is due. */
  report(own: OwnReport): void
  /** Calls back with what they know of the whole cluster; null: none of them answers in time. `after`: of events, those since that cursor. */
  ask(what: keyof ClusterAnswer, done: (answer: ClusterAnswer | null) => void, after?: string): void
}

/** What whoever follows the coordinators finds; a trouble that is null is over. */
export type Beside =
  | { readonly kind: 'trouble'; readonly source: 'follow' | 'keys'; readonly trouble: Trouble | null }
  | Extract<NodeInput, { kind: 'coordinators' | 'met' }>

/** What runs on a configuration, and may get another. */
export interface Followed {
  /** False: it cannot be used here, and the one before stays. */
  reload(reason: string): boolean
  note(found: Beside): void
}
export interface PingTarget {
  readonly address: string
  /** Null: as the kernel chooses. */
  readonly source: string | null
}

/** To a receiver of alerts. */
export interface Delivery {
  readonly delivery: ReceiverType
  readonly keys: Readonly<Record<string, unknown>>
  readonly timeoutMs: number
}
export interface Probe {
  readonly probe: ProbeKind
  /** What the configuration says for this type of check alone; by the schemas of its row in the model. */
  readonly keys: CheckKeys
  readonly address: string
  readonly port: number
  readonly source: string | null
  readonly timeoutMs: number
  /** What clients ask. */
  readonly virtual: { readonly address: string; readonly port: number }
  /** Where the server itself is asked, where its agent says nothing. */
  readonly serves?: number
  readonly explain?: boolean
  /** By the agent's clock, milliseconds. */
  readonly dueAt?: number
}

/** What came of something that was passed on to the coordinators. */
export type Passing =
  | PassedBack
  /** `sent`: one of them has it, and nobody knows what came of it. */
  | { readonly kind: 'silent'; readonly reason: string; readonly sent: boolean }

/** What the process that makes checks tells its agent, and what it needs. */
export interface ProberOptions {
  trouble(found: Trouble | null): void
  /** This machine cannot ask as checks of a kind do; null: it can. */
  unable(probe: string, found: Trouble | null): void
  say(text: string): void
  /** It is new: whatever it was told before it does not know. */
  began?(): void
  /** A line that is no answer to a check. */
  other?(line: string): void
  /** A check was begun so late after it was due, as the process that makes it saw it. Milliseconds. */
  late?(ms: number): void
  /** Milliseconds of a clock that nobody sets. */
  readonly clock: () => number
  readonly program?: URL
  readonly graceMs?: number
}
