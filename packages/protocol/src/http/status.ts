/**
 * What the HTTP API on the agent's socket answers, each shape once: its schema, and the type of it. All times in milliseconds
 * unless a name says otherwise. A word that this version does not know is read as the one that asks for a look; a field that
 * it does not know is skipped.
 */
import type { Refusal, Severity } from '@lvsm/base'
import * as z from 'zod'
import { verdictParts } from './made-of.ts'

const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly()

export const NODE_STATES = [
  'owner',
  'standby',
  'maintenance',
  'serving',
  'witness',
  'idle',
  'starting',
  'troubled',
  'late',
  'dead',
  'unknown',
] as const
export type NodeState = (typeof NODE_STATES)[number]
export const SEVERITIES = ['critical', 'warning', 'info'] as const satisfies readonly Severity[]

export const severityWord = z.enum(SEVERITIES).catch('critical')
export const nodeStateWord = z.enum(NODE_STATES).catch('unknown')

/** What an operator wants for a while: drain, stop, standby. */
const wanted = z.object({
  /** `server rs1 of service http`, `server rs1`, `group web`, `node dir1`. */
  what: z.string(),
  intent: z.string(),
  author: z.string(),
  /** Milliseconds of a wall clock; `until` is null where it lasts until somebody ends it. */
  since: z.number(),
  until: z.number().nullable(),
  /** When what is left of its connections is cut off; not there: none is said, or it has passed. */
  deadline: z.number().exactOptional(),
  comment: z.string(),
  /** Of what the configuration does not have now: it does nothing until that is there again. */
  idle: z.boolean(),
})
/** A host that an owner of the group must be able to reach, as the group's directors find it. */
const ping = z.object({
  address: z.string(),
  /** Null: not known, because the director is silent or has just started. */
  directors: list(z.object({ node: z.string(), reached: z.boolean().nullable() })),
})
/** Whether a director could take a group over now. */
const taker = z.object({
  node: z.string(),
  /** Null: not known. */
  could: z.boolean().nullable(),
  /** Why not, or why that is not known; empty where it could. */
  reason: z.string(),
  /** Why a planned move to it is refused, though it takes the group when its owner fails; not there: it is not. */
  refused: z.string().exactOptional(),
  /**
   * Voters that it and that hear each other, the owner aside, itself included: who could lend it a vote if the owner died. Not
   * there: not known.
   */
  voters: z.number().exactOptional(),
  /** Of so many of the group's services it can ask no realserver, or lets no client through: others take it first; not there: of none, or an older agent. */
  blind: z.number().exactOptional(),
})
const group = z.object({
  name: z.string(),
  owner: z.string().nullable(),
  /** Lease (fencing) number; 0 when nobody owns the group. */
  number: z.number(),
  leftMs: z.number(),
  addresses: list(z.string()),
  directors: list(z.string()),
  pings: list(ping),
  /** Its directors without the owner, in the order in which they are asked; an older agent tells of none. */
  takers: list(taker).exactOptional(),
  /** `stopped`: an operator wants nobody to own it, and nobody does. */
  state: z.enum(['owned', 'moving', 'nobody', 'stopped', 'unknown']).catch('unknown'),
  wanted: wanted.exactOptional(),
  /** Where connections are synchronised: how many established ones each director has in its table; of one that did not say, nothing. */
  established: list(z.object({ node: z.string(), count: z.number() })).exactOptional(),
  /** One sentence. */
  reason: z.string(),
})
const realserver = z.object({
  node: z.string(),
  address: z.string(),
  port: z.number(),
  /** Forwarding method, as the configuration names it. */
  forward: z.string(),
  /** In what packets for it are wrapped; not there: in nothing. */
  tunnel: z.string().exactOptional(),
  /** In the owner's table now; 0 when it is not there, or drains. */
  weight: z.number(),
  /** Weight by the configuration; an older agent does not tell it. */
  configured: z.number().exactOptional(),
  /** Connections at which it gets no new ones; not there: no limit. */
  upper: z.number().exactOptional(),
  /** It serves only while the others are below their quorum; not there: it is none. */
  backup: z.boolean().exactOptional(),
  /** Null before the first check; true also of one that no check asks. */
  healthy: z.boolean().nullable(),
  ...verdictParts,
  /** Connections as the owner's kernel counts them. */
  active: z.number(),
  inactive: z.number(),
  reason: z.string(),
  /**
   * Of one that an operator drains or stops: how far that is. `drained`: it takes no new connections, and none is established;
   * `stopped`: it has no connection at all.
   */
  state: z.enum(['draining', 'drained', 'stopping', 'stopped']).catch('draining').exactOptional(),
  /** An estimate of when none of its connections is established any more, in milliseconds; null: not known. Not there: nobody drains it, or nobody told. */
  doneInMs: z.number().nullable().exactOptional(),
  wanted: wanted.exactOptional(),
})
const service = z.object({
  name: z.string(),
  group: z.string(),
  address: z.string(),
  /** 0: it has several. */
  port: z.number(),
  /** `80, 8000-8100`, or `all`, and the mark by which IPVS knows it; not there: it has one port. */
  ports: z.string().exactOptional(),
  fwmark: z.number().exactOptional(),
  protocol: z.string(),
  scheduler: z.string(),
  schedulerFlags: list(z.string()).exactOptional(),
  /** All that the service is beside its address, in words: `rr, one packet`; an older agent does not tell it. */
  spec: z.string().exactOptional(),
  /** Weight of healthy realservers under which its backups serve, and how far from it nothing changes; not there: 1, and 0. */
  quorum: z.number().exactOptional(),
  hysteresis: z.number().exactOptional(),
  /** Do its last realservers stay when all checks fail, and how many of a hundred may be out by checks, and under how many that are well all serve; not there: they do, all, and none. */
  keepLast: z.boolean().exactOptional(),
  maxEjection: z.number().exactOptional(),
  panic: z.number().exactOptional(),
  /** Directors that serve themselves alone: each is in its own table, while it owns the group; not there: none, or an older agent does not tell. */
  alone: list(
    z.object({ node: z.string(), address: z.string(), port: z.number(), forward: z.string(), configured: z.number() }),
  ).exactOptional(),
  /** Is what is said of its realservers from the owner's own table? Where not, nothing of them is known. */
  told: z.boolean().exactOptional(),
  realservers: list(realserver),
})
const node = z.object({
  name: z.string(),
  roles: list(z.string()),
  voter: z.boolean(),
  state: nodeStateWord,
  /** One sentence: what this node does, and why. */
  reason: z.string(),
  standby: z.boolean(),
  /** What is wanted of its standby, where anything is: by the coordinators, and by a word given at the node itself. */
  words: z
    .object({
      shared: wanted.nullable(),
      local: z.object({ standby: z.boolean(), author: z.string(), since: z.number() }).nullable(),
      /** The newer one. */
      holds: z.enum(['shared', 'local']).catch('shared'),
    })
    .exactOptional(),
  /** Of a voter that has just started: for so long it lends no vote; not there: it lends it, or an older one does not tell. */
  votesInMs: z.number().exactOptional(),
  /** Has the node's agent been heard lately? */
  agent: z.boolean(),
  /** How old what is said of this node is; null: its agent said nothing yet. */
  ageMs: z.number().nullable().exactOptional(),
  /** Program → its version. */
  versions: z.record(z.string(), z.string()).exactOptional(),
})
export const troubleReport = z.object({
  code: z.string(),
  severity: severityWord,
  message: z.string(),
  hint: z.string().exactOptional(),
  /** Until it is over by itself, where that is known. */
  leftMs: z.number().exactOptional(),
  /** What it is about, as `lvsm explain` names it; not there: the node. */
  object: z.string().exactOptional(),
  /** What was seen. */
  evidence: z.string().exactOptional(),
  /** ISO 8601, by the wall clock of the node that says it: for reading. */
  since: z.string().exactOptional(),
  /** Of what looks back: it is over, as far as that can be said, and so long ago was the last of it; not there: it is so now. */
  pastMs: z.number().exactOptional(),
})
const nodeTrouble = troubleReport.extend({ node: z.string() })
/** Heartbeat keys of which there are two for a while. */
const keyChange = z.object({
  /** One sentence: which count, and which sign. */
  text: z.string(),
  /** Nodes that do not use the new ones yet. */
  waiting: list(z.string()),
  /** What ends it; not there: it ends by itself. */
  hint: z.string().exactOptional(),
})
const delay = z.object({ counts: list(z.number()), sumMs: z.number(), worstMs: z.number() })
export const statusReport = z.object({
  cluster: z.string(),
  /** Who answers. */
  node: z.string(),
  revision: z.number(),
  /** The epoch of the voters that the answering node's lease process acts on; 0: it has no view. */
  epoch: z.number().exactOptional(),
  quorum: z.boolean(),
  /** Do coordinators keep the configuration, so that commands change it? Not there: an older node does not say. */
  coordinators: z.boolean().exactOptional(),
  groups: list(group),
  services: list(service),
  nodes: list(node),
  troubles: list(nodeTrouble),
  /** All that operators want for a while, as the answering node knows it. */
  wanted: list(wanted).exactOptional(),
  /** Heartbeat keys that are being changed; not there: none is, or whoever answers does not tell. */
  keys: list(keyChange).exactOptional(),
  /** Of the answering node's processes since their start: datagrams dropped, by reason (`drop-mac`, `replay`, …), and the like. */
  counters: z.record(z.string(), z.number()).readonly(),
  /** Of the answering node's lease process (`delays.ts`). */
  delays: z.object({ loop: delay, renewal: delay }).exactOptional(),
})
export type KeyChange = z.infer<typeof keyChange>
export type Wanted = z.infer<typeof wanted>
export type TakerReport = z.infer<typeof taker>
export type PingReport = z.infer<typeof ping>
export type GroupReport = z.infer<typeof group>
export type RealserverReport = z.infer<typeof realserver>
export type ServiceReport = z.infer<typeof service>
export type NodeReport = z.infer<typeof node>
export type NodeTrouble = z.infer<typeof nodeTrouble>
export type Status = z.infer<typeof statusReport>

/** What every route answers when it was not done. */
const refusal = z.object({
  code: z.string(),
  field: z.string().exactOptional(),
  /** In a text that was sent. */
  line: z.number().exactOptional(),
  column: z.number().exactOptional(),
  message: z.string(),
  hint: z.string().exactOptional(),
})
export const refusedReport = z.object({ refusals: list(refusal).refine(({ length }) => length > 0) })
export interface Refused {
  readonly refusals: readonly Refusal[]
}
