/**
 * What a node's agent says of itself: to the coordinator that it follows, and what coordinators tell each other of it. It is said
 * in parts: the first report of a connection is whole, those after it have what is new. Reports of one life of an agent (`boot`) are
 * numbered, and so are the events of that life.
 */
import * as z from 'zod'
import { saidDestination, saidTrouble, saidWord } from './agent-messages.ts'
import { boundedList, boundedRecord } from './bounded.ts'
import { cut } from './cut.ts'
import { saidEvent } from './events/event.ts'
import { LONGEST_NAME } from './http/routes.ts'
import { nodeStateWord } from './http/status.ts'
import { plainLine } from '@lvsm/base'
import { saidRates } from './rates.ts'

/** Bytes of UTF-8. Whoever hears it has no time for anything else meanwhile: a coordinator has to be heard of more than once a second. */
export const LONGEST_REPORT = 1 << 20
/** UTF-16 units of the parts of one report, three bytes each at most, one part aside; the rest follows in the next. */
export const REPORT_ROOM = 1 << 17
/** Of one report; more follow in the next. */
export const MOST_EVENTS = 100
export const MOST_TROUBLES = 256
/** More than any configuration has (`MOST` of packages/model). */
const MOST_GROUPS = 2048
const MOST_PEERS = 1024
const MOST_SERVICES = 2048
const MOST_DESTINATIONS = 1024
const MOST_PING_NODES = 256
/** More than there are rows for. */
const MOST_COUNTERS = 1024
const MOST_PROGRAMS = 16

const count = z.number().min(0).max(Number.MAX_SAFE_INTEGER)
const serial = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const name = z.string().max(LONGEST_NAME)
/** One that is shown. */
const word = name.transform(plainLine)
const text = (longest: number) => z.string().transform((value) => cut(plainLine(value), longest))

const self = z.object({
  /** Of the configuration that it uses. */
  revision: serial,
  state: nodeStateWord,
  reason: text(300),
  standby: z.boolean(),
  word: saidWord.exactOptional(),
  /** Program → its version. */
  versions: boundedRecord(word, text(LONGEST_NAME), MOST_PROGRAMS),
  /** The newest version of the model that it knows; not there: it did not say. */
  model: serial.exactOptional(),
})
const group = z.object({
  name,
  role: z.enum(['owner', 'acquiring', 'releasing', 'candidate', 'standby', 'none']).catch('none'),
  owner: name.nullable(),
  number: serial,
  /** Milliseconds, when it was said; 0 where it does not own the group. */
  leftMs: count,
  reason: text(300),
})
const peer = z.object({
  name,
  life: z.enum(['alive', 'late', 'dead', 'unknown']).catch('unknown'),
  standby: z.boolean(),
})
const lease = z.object({
  quorum: z.boolean(),
  /** Of a voter that has just started: for so long it lends no vote. Milliseconds; not there: it lends it, or did not say. */
  votesInMs: count.exactOptional(),
  /** Of the voters that its lease process acts on; not there: it did not say. */
  epoch: serial.exactOptional(),
  groups: boundedList(group, MOST_GROUPS),
  /** The other nodes, as it hears them. */
  peers: boundedList(peer, MOST_PEERS),
})
const table = boundedList(saidDestination, MOST_DESTINATIONS)
/** `origin`: of an event of an earlier life of the agent, which this one found on its disk. */
const numberedEvent = z.object({ serial: serial.min(1), ...saidEvent.shape })

/** All of them optional: what is not there is as it was said last. */
export const REPORT_PARTS = {
  self: self.exactOptional(),
  /** Null: the lease process does not answer. */
  lease: lease.nullable().exactOptional(),
  troubles: boundedList(saidTrouble, MOST_TROUBLES).exactOptional(),
  /** Ping node → does this node reach it? Null: not known yet. */
  pings: boundedRecord(name, z.boolean().nullable(), MOST_PING_NODES).exactOptional(),
  /** Group → why this node could not take it over now; empty: it could. */
  ready: boundedRecord(name, text(300), MOST_GROUPS).exactOptional(),
  /** Group → a service in it of which it knows no realserver: no order moves the group there. */
  dark: boundedRecord(name, name, MOST_GROUPS).exactOptional(),
  /** Group → by what it would let no client of a service through that its owner lets through: no order moves the group there. */
  shut: boundedRecord(name, text(300), MOST_GROUPS).exactOptional(),
  /** Group → of how many of its services it can ask no realserver, or lets no client through; one with none is left out. */
  blind: boundedRecord(name, count, MOST_GROUPS).exactOptional(),
  /** Of both processes since their start; those that stand at 0 are left out. */
  counters: boundedRecord(word, count, MOST_COUNTERS).exactOptional(),
  /** Group → established connections in its table, where they are synchronised. */
  established: boundedRecord(name, count, MOST_GROUPS).exactOptional(),
  /** Connections, packets and bytes a second, of the last ten seconds; null: not known, or it directs nothing. */
  rates: saidRates.nullable().exactOptional(),
  /** Services of which it has a table now: what was said of others is over. */
  services: boundedList(name, MOST_SERVICES).exactOptional(),
  /** Service → its destinations, all of them. */
  tables: boundedRecord(name, table, MOST_SERVICES).exactOptional(),
} as const
export const agentReport = z.object({
  boot: name.min(1),
  /** One more than the report before it; the same, where there is nothing new to say. */
  number: serial.min(1),
  /** False: what the reports before it said holds on where this one says nothing. */
  whole: z.boolean(),
  ...REPORT_PARTS,
  /** In the order of their serials, which begin at 1. */
  events: boundedList(numberedEvent, MOST_EVENTS),
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
