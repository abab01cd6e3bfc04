/**
 * What a node's agent says of itself: to the coordinator that it follows, and what coordinators tell each other of it. It is said
 * in parts: the first report of a connection is whole, those after it have what is new. Reports of one life of an agent (`boot`) are
 * numbered, and so are the events of that life.
 */
import * as z from 'zod'
import { cut, saidDestination, saidEvent, saidTrouble, saidWord } from './agent-messages.ts'
import { LONGEST_NAME } from './http/routes.ts'
import { nodeStateWord } from './http/status.ts'
import { plainLine } from '@lvsm/base'

/** Bytes of UTF-8: a table of the largest service, with the longest reasons. */
export const LONGEST_REPORT = 4 << 20
/** Of one report; more follow in the next. */
export const MOST_EVENTS = 100
const MOST_TROUBLES = 256
const MOST_GROUPS = 1024
const MOST_PEERS = 4096
const MOST_DESTINATIONS = 4096

const count = z.number().min(0).max(Number.MAX_SAFE_INTEGER)
const serial = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const name = z.string().max(LONGEST_NAME)
const text = (longest: number) => z.string().transform((value) => cut(plainLine(value), longest))

const self = z.object({
  /** Of the configuration that it uses. */
  revision: serial,
  state: nodeStateWord,
  reason: text(300),
  standby: z.boolean(),
  word: saidWord.exactOptional(),
  /** Program → its version. */
  versions: z.record(name, text(LONGEST_NAME)),
  /** The newest version of the model that it knows; not there: it did not say. */
  model: serial.exactOptional(),
})
const lease = z.object({
  quorum: z.boolean(),
  /** Of the voters that its lease process acts on; not there: it did not say. */
  epoch: serial.exactOptional(),
  groups: z
    .array(
      z.object({
        name,
        role: z.enum(['owner', 'acquiring', 'releasing', 'candidate', 'standby', 'none']).catch('none'),
        owner: name.nullable(),
        number: serial,
        /** Milliseconds, when it was said; 0 where it does not own the group. */
        leftMs: count,
        reason: text(300),
      }),
    )
    .max(MOST_GROUPS)
    .readonly(),
  /** The other nodes, as it hears them. */
  peers: z
    .array(
      z.object({
        name,
        life: z.enum(['alive', 'late', 'dead', 'unknown']).catch('unknown'),
        standby: z.boolean(),
      }),
    )
    .max(MOST_PEERS)
    .readonly(),
})
const numberedEvent = z.object({ serial: serial.min(1), ...saidEvent.shape })

/** All of them optional: what is not there is as it was said last. */
export const REPORT_PARTS = {
  self: self.exactOptional(),
  /** Null: the lease process does not answer. */
  lease: lease.nullable().exactOptional(),
  troubles: z.array(saidTrouble).max(MOST_TROUBLES).readonly().exactOptional(),
  /** Ping node → does this node reach it? Null: not known yet. */
  pings: z.record(name, z.boolean().nullable()).readonly().exactOptional(),
  /** Of both processes since their start; those that stand at 0 are left out. */
  counters: z.record(name, count).readonly().exactOptional(),
  /** Services of which it has a table now: what was said of others is over. */
  services: z.array(name).max(MOST_PEERS).readonly().exactOptional(),
  /** Service → its destinations, all of them. */
  tables: z.record(name, z.array(saidDestination).max(MOST_DESTINATIONS).readonly()).readonly().exactOptional(),
} as const
export const agentReport = z.object({
  boot: name.min(1),
  /** One more than the report before it; the same, where there is nothing new to say. */
  number: serial.min(1),
  /** False: what the reports before it said holds on where this one says nothing. */
  whole: z.boolean(),
  ...REPORT_PARTS,
  /** In the order of their serials, which begin at 1. */
  events: z.array(numberedEvent).max(MOST_EVENTS).readonly(),
})
export type AgentReport = Readonly<z.infer<typeof agentReport>>
export type NumberedEvent = Readonly<z.infer<typeof numberedEvent>>
type Part = Exclude<keyof typeof REPORT_PARTS, 'services' | 'tables'>
/** What an agent has to say now; `events`: all that it remembers of its own, oldest first. */
export type OwnReport = { readonly [Name in Part]: Exclude<AgentReport[Name], undefined> } & {
  readonly boot: string
  readonly tables: Exclude<AgentReport['tables'], undefined>
  readonly events: readonly NumberedEvent[]
}
