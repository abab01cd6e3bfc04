/** Everything that can happen to the agent, and everything that it can do about it. */
import {
  type Command,
  type CoordinatorTrouble,
  type CounterName,
  type Facts,
  type KeptHooks,
  type LeaseEvent,
  type LeaseStatus,
  type LocalWord,
  type LogTags,
  type OpeningsReport,
  type Outcome,
  type OwnReport,
  type ProbeFound,
  type ToLease,
  type TotalsReading,
} from '@lvsm/protocol'
import { type Instant, type Trouble } from '@lvsm/base'
import {
  type Config,
  type CheckKeys,
  type KernelProtocol,
  type PairRing,
  type ProbeKind,
  type ReceiverType,
} from '@lvsm/model'
import { type AnswerWay, type Observed, type Operation, type OwnWay } from '@lvsm/plan'
import { type Unsent } from './check/pings.ts'
import type { VitalsReading } from './vitals/reading.ts'

/** An operation that the kernel refused. */
export interface Failure {
  readonly operation: Operation
  readonly message: string
  /** Modules of the kernel that it needs, where one of them is not there. */
  readonly missing?: readonly string[]
}

export type NodeInput =
  | { readonly kind: 'wake' }
  /**
   * The configuration as it is from now on; `secrets`: key id → hexadecimal digits, of keys that stand in files; `facts`: what
   * operators want for a while beside it.
   */
  | {
      readonly kind: 'config'
      readonly config: Config
      readonly secrets: ReadonlyMap<number, string>
      readonly facts: Facts
      /** Keys that this node has with each of the others; missing: none. */
      readonly ring?: PairRing
    }
  | { readonly kind: 'observed'; readonly observed: Observed }
  | { readonly kind: 'observe-failed'; readonly error: string }
  /** The kernel told of a change: look again soon. */
  | { readonly kind: 'changed' }
  /** The operations that failed; all others of the last `apply` were acknowledged. */
  | { readonly kind: 'applied'; readonly failures: readonly Failure[] }
  /** How connections get on; null: that could not be read. */
  | { readonly kind: 'openings'; readonly report: OpeningsReport | null }
  /** What the kernel counted until now; null: that could not be read. */
  | { readonly kind: 'totals'; readonly reading: TotalsReading | null }
  /** What ails this machine; null: nothing could be read. */
  | { readonly kind: 'vitals'; readonly reading: VitalsReading | null }
  /** Who waits for connections or datagrams on this machine; null: that could not be read. `load`: of a minute, for each processor. */
  | {
      readonly kind: 'sockets'
      readonly found:
        | readonly {
            readonly protocol: KernelProtocol
            readonly address: string
            readonly port: number
            readonly queue: number
            readonly most: number
            readonly onlyV6: boolean
            /** While somebody waits there all the time: programs that a signal stopped (state T), or that are frozen. */
            readonly stopped?: {
              /** `frozen`: the file that thaws its control group. */
              readonly programs: readonly { readonly pid: number; readonly name: string; readonly frozen?: string }[]
              /** It is theirs alone; else nobody sees whether it is. */
              readonly sure: boolean
            }
          }[]
        | null
      readonly error: string
      readonly load: number
    }
  /** `ok` null: nobody knows, and the verdict stays as it is. */
  | {
      readonly kind: 'checked'
      readonly id: string
      readonly ok: boolean | null
      readonly reason: string
      readonly found?: ProbeFound
    }
  /** What became of a `deliver`; null: nobody knows. */
  | { readonly kind: 'delivered'; readonly id: string; readonly ok: boolean | null; readonly reason: string }
  /** How a `hook` ended. */
  | { readonly kind: 'hooked'; readonly id: string; readonly ok: boolean; readonly reason: string }
  /** Pings were sent, all but these. */
  | { readonly kind: 'pinged'; readonly round: number; readonly unsent: readonly Unsent[] }
  /** An answer to a ping of this very process; the number is that of its request. */
  | { readonly kind: 'ping-answered'; readonly address: string; readonly round: number }
  /** `events`: the serial of the last one that it told before; missing: it tells none again. */
  | { readonly kind: 'lease-up'; readonly incarnation?: string; readonly events?: number | undefined }
  | { readonly kind: 'lease-down'; readonly reason: string }
  | { readonly kind: 'lease-status'; readonly status: LeaseStatus }
  | { readonly kind: 'lease-event'; readonly event: LeaseEvent }
  /** By a read of the coordinators that is proved current, and was asked after that start of the lease process, this is the newest revision. */
  | { readonly kind: 'confirmed'; readonly incarnation: string; readonly revision: number }
  /** From another node's agent. */
  | { readonly kind: 'message'; readonly from: string; readonly text: string }
  /** From an operator; answered by one `reply` with this id. */
  | { readonly kind: 'command'; readonly id: string; readonly command: Command }
  /** The adapters refused something: a frame of the lease process, or a request. */
  | { readonly kind: 'refused'; readonly reason: CounterName }
  /** The adapters' own troubles under one name; null: over. */
  | { readonly kind: 'trouble'; readonly source: string; readonly trouble: Trouble | null }
  /** What is wrong with the coordinators, as the one says that is followed: all of it. */
  | { readonly kind: 'coordinators'; readonly troubles: readonly CoordinatorTrouble[] }
  /** The coordinators are heard, and all changes of facts up to this number are here; null: they are heard no more. */
  | { readonly kind: 'met'; readonly number: number | null }
  /** Why a program of this node is not there, which somebody wants to run; null: it is, or nobody does. */
  | { readonly kind: 'absent'; readonly program: string; readonly why: string | null }
  /**
   * A program of this node, as it is found again and again. `life`: different at each of its starts, `ageMs` ago. Sentences: that
   * it started; how it ended, null while it runs; how the one before it ended, where that is known.
   */
  | {
      readonly kind: 'program'
      readonly program: string
      readonly life: string
      readonly ageMs: number
      readonly started: string
      readonly ended: string | null
      readonly before: string | null
    }

export type NodeEffect =
  /**
   * Read the kernel, and these files below /proc/sys; answered by `observed` or `observe-failed`. `services`: the table of
   * IPVS, too; without it, the look says that there is none.
   */
  | {
      readonly kind: 'observe'
      readonly sysctls: readonly string[]
      readonly services: boolean
      readonly gue: boolean
      readonly helpers: boolean
      /** With which source packets leave to these; not there: nobody wants to know. */
      readonly sources?: readonly string[]
      /** To which of these the kernel has no way; not there: nobody wants to know. */
      readonly ways?: readonly OwnWay[]
      /** Which of these answers the kernel has no way for; not there: nobody wants to know. */
      readonly answering?: readonly AnswerWay[]
      /** Permanent entries of the neighbour table, and who has these MAC addresses; not there: nobody wants to know. */
      readonly neighbours?: true
      readonly macs?: readonly string[]
      /** Chains that drop what this node forwards; not there: it forwards nothing. */
      readonly forwarding?: true
    }
  /** See how connections of the realservers get on; answered by one `openings`. */
  | { readonly kind: 'openings' }
  /** Read what the kernel counted; answered by one `totals`. */
  | { readonly kind: 'totals' }
  /** Read what ails this machine, of these interfaces; answered by one `vitals`. `units`: also of whom the kernel killed somebody; `paces`: also what they run at. */
  | {
      readonly kind: 'vitals'
      readonly interfaces: readonly { readonly name: string; readonly index: number }[]
      readonly units: boolean
      readonly paces: boolean
    }
  /** See who listens; answered by one `sockets`. */
  /** `crowded`: ports at which somebody waits all the time. */
  | { readonly kind: 'sockets'; readonly protocols: readonly KernelProtocol[]; readonly crowded: readonly number[] }
  /** In order; answered by `applied`. */
  | { readonly kind: 'apply'; readonly operations: readonly Operation[] }
  /** Ask a realserver from `source` (null: as the kernel chooses), and answer with `checked`. */
  | {
      readonly kind: 'check'
      readonly id: string
      readonly probe: ProbeKind
      /** What the configuration says for this type of check alone. */
      readonly keys: CheckKeys
      readonly address: string
      readonly port: number
      readonly source: string | null
      readonly timeoutMs: number
      /** What clients ask. */
      readonly virtual: { readonly address: string; readonly port: number }
      /** Where the server itself is asked, where its agent says nothing. */
      readonly serves?: number
      /** Each step is told as well. */
      readonly explain?: boolean
      /** Since when it is due; not there: nobody minds. */
      readonly dueAt?: Instant
    }
  /** Tell a receiver of alerts; answered by `delivered`. */
  | {
      readonly kind: 'deliver'
      readonly id: string
      readonly delivery: ReceiverType
      readonly keys: Readonly<Record<string, unknown>>
      readonly timeoutMs: number
    }
  /** Run a program of an operator's; answered by `hooked`. */
  | {
      readonly kind: 'hook'
      readonly id: string
      /** Its name; `user` null: as the agent runs. */
      readonly hook: string
      readonly user: string | null
      readonly words: readonly string[]
      readonly variables: Readonly<Record<string, string>>
      readonly timeoutMs: number
    }
  /** Echo requests, from the given source (null: as the kernel chooses); answered with one `pinged`. */
  | {
      readonly kind: 'ping'
      readonly round: number
      readonly targets: readonly { readonly address: string; readonly source: string | null }[]
    }
  /** Read what the coordinators have, by a read that is proved current: a newer revision comes as `config`, then `confirmed`. Or nothing. */
  | { readonly kind: 'confirm'; readonly incarnation: string }
  /** The lease process acts on this epoch, which is on its disk: the coordinators are to know. */
  | { readonly kind: 'acts'; readonly epoch: number }
  /** To the lease process. */
  /** Relays go as `message`. */
  | Exclude<ToLease, { kind: 'relay' }>
  /** To one node's agent, or to all. */
  | { readonly kind: 'message'; readonly to: string | null; readonly text: string }
  | { readonly kind: 'reply'; readonly id: string; readonly outcome: Outcome }
  /** Keep this text over a restart. */
  | { readonly kind: 'record'; readonly text: string }
  /** And this, what happened; it need not be there at once. */
  | { readonly kind: 'history'; readonly text: string }
  /** And what was recorded of the last minutes, as the file of a move. */
  | { readonly kind: 'recording'; readonly text: string }
  /** And which hooks began and ended. */
  | { readonly kind: 'hooks'; readonly kept: KeptHooks }
  /** And whom this node may have told of what. */
  | { readonly kind: 'alerts'; readonly text: string }
  /** And what this node was told of standby by itself. */
  | { readonly kind: 'word'; readonly word: LocalWord }
  /** What this node is and does, for the coordinators: with each publication, where it follows any. */
  | { readonly kind: 'report'; readonly report: OwnReport }
  | { readonly kind: 'log'; readonly text: string; readonly tags?: LogTags }
  /** The next instant at which the core wants a `wake`; replaces the earlier wish. */
  | { readonly kind: 'wake'; readonly at: Instant }
