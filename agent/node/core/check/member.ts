/** What the checks of a node know: realservers, pools, and when who is asked. */
import { type Instant } from '@lvsm/base'
import type { ServerIntent } from '@lvsm/changes'
import {
  type AgentSaid,
  type Choice,
  type Flap,
  type Health,
  newSchedule,
  type Schedule,
  type Waning,
} from '@lvsm/health'
import type { ConfigRealserver, ConfigService } from '@lvsm/model'
import type { PortsUsed } from '@lvsm/plan'
import { type ProbeFound, type SeenSocket } from '@lvsm/protocol'
import type { Turns } from './through.ts'

export interface Sight extends SeenSocket {
  /** When it was heard last, and since when it says the same. */
  readonly at: Instant
  readonly since: Instant
  /** Of the machine: average of a minute for each processor. */
  readonly load: number
  /** Its agent is silent; what it said last is still the best that is known. */
  readonly stale: boolean
}

/** A realserver of a service, as the checks see it (`check/`). */
export interface Member {
  readonly id: string
  readonly service: ConfigService
  readonly realserver: ConfigRealserver
  /** What an operator wants of it. */
  readonly intent: ServerIntent
  /** Whose verdict it has, in a service that goes by another one's check (`tracks.ts`); null: it has one of its own, or there is none. */
  tracked: Member | null
  health: Health
  /** The last result, and what was found beside it. */
  last: { readonly at: Instant; readonly found: ProbeFound; readonly question: string } | null
  /** Answers in a row that said nothing, and why the last one did not; null: the last one said something. */
  unknown: { readonly reason: string; readonly times: number } | null
  /** The question that it is asked now (`targets.ts`); empty: it is asked none. */
  question: string
  /** Before its first answer: it served when this agent started, or before it had a check; when that was known last, where it is known. */
  found: { readonly at: Instant | null } | null
  /** The weight that it said with its last good answer; null: none. One that fails says none, and takes no more for that. */
  weightSaid: number | null
  /** What its agent said, where a check asks one. */
  agentSaid: AgentSaid
  /** What its own agent says of its socket; null: nothing, or nobody wants to know. */
  sight: Sight | null
  /** Since when it does not; null: it does, or nobody wants to know. */
  unseenSince: Instant | null
  /** When it failed lately, and whether it is held out for that. */
  flap: Flap
  /** It failed, was drained or stopped, had weight 0 or said so itself, or is new in a service that is there: others serve what it will take. */
  away: boolean
  /** Since when it serves after that; null: it was not away. */
  backSince: Instant | null
  /** It is stopped with a deadline, by the change of facts of this number. */
  readonly stopping: { readonly number: number; readonly deadlineMs: number } | null
  /** It left the configuration: its connections alone keep it in the table. */
  readonly leaves: boolean
  /** Since when it is dead, and nothing at all comes back from it; null: it is not so. */
  silentSince: Instant | null
  /** Established connections that it has left, while it is drained or stopped. */
  waning: Waning
  /** Since when it is out of the pool but in the table; null when it is not. */
  drainingSince: Instant | null
  /** An operator drains it, and it is dead and has nothing left: it is not in the table until its check passes. */
  left: boolean
  /** Drained, or out of time: it leaves the table. */
  gone: boolean
}
export interface Checks {
  readonly members: Map<string, Member>
  /** Ids of those that are held out, or were until now: asked for at every step. */
  readonly held: Set<string>
  /** By service. */
  readonly pools: Map<string, Choice>
  /** Ids of those that have as many connections as they may. */
  full: ReadonlySet<string>
  /** Sockets of realservers that full NAT has no ports left for, or few. */
  short: readonly PortsUsed[]
  /** Services whose backups serve, as it was told last. */
  stoodIn: ReadonlySet<string>
  readonly schedule: Schedule
  /** Who is told the answer to a question, by its id (`targets.ts`). */
  readonly targets: Map<string, Member[]>
  /** By the one whose verdict they have. */
  readonly trackers: Map<Member, Member[]>
  /** What is asked → its number. */
  readonly recipes: Map<string, number>
  lastRecipe: number
  /** Of services whose checks go through IPVS. */
  readonly turns: Map<string, Turns>
  /** When the first of them are over that realservers' own agents said. */
  sightsUntil: Instant | null
  /** The first look at the kernel has been taken over. */
  begun: boolean
}

/** `seed`: of the jitter. */
export const newChecks = (seed: string): Checks => ({
  members: new Map(),
  held: new Set(),
  pools: new Map(),
  full: new Set(),
  short: [],
  stoodIn: new Set(),
  schedule: newSchedule(seed),
  targets: new Map(),
  trackers: new Map(),
  recipes: new Map(),
  lastRecipe: 0,
  turns: new Map(),
  sightsUntil: null,
  begun: false,
})
