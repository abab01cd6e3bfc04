/**
 * What the HTTP API on the agent's socket answers, each shape once: its schema, and the type of it. All times in milliseconds
 * unless a name says otherwise. A word that this version does not know is read as the one that asks for a look; a field that
 * it does not know is skipped.
 */
import type { Refusal, Severity } from '@lvsm/base'
import * as z from 'zod'

const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly()

export const NODE_STATES = [
  'owner',
  'standby',
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

/** A host that an owner of the group must be able to reach, as the group's directors find it. */
const ping = z.object({
  address: z.string(),
  /** Null: not known, because the director is silent or has just started. */
  directors: list(z.object({ node: z.string(), reached: z.boolean().nullable() })),
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
  state: z.enum(['owned', 'moving', 'nobody', 'unknown']).catch('unknown'),
  /** One sentence. */
  reason: z.string(),
})
const realserver = z.object({
  node: z.string(),
  address: z.string(),
  port: z.number(),
  /** Forwarding method, as the configuration names it. */
  forward: z.string(),
  /** In the owner's table now; 0 when it is not there, or drains. */
  weight: z.number(),
  /** Null before the first check. */
  healthy: z.boolean().nullable(),
  /** Connections as the owner's kernel counts them. */
  active: z.number(),
  inactive: z.number(),
  reason: z.string(),
})
const service = z.object({
  name: z.string(),
  group: z.string(),
  address: z.string(),
  port: z.number(),
  protocol: z.string(),
  scheduler: z.string(),
  schedulerFlags: list(z.string()).exactOptional(),
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
  /** Has the node's agent been heard lately? */
  agent: z.boolean(),
})
export const troubleReport = z.object({
  code: z.string(),
  severity: severityWord,
  message: z.string(),
  hint: z.string().exactOptional(),
  /** Until it is over by itself, where that is known. */
  leftMs: z.number().exactOptional(),
})
const nodeTrouble = troubleReport.extend({ node: z.string() })
const delay = z.object({ counts: list(z.number()), sumMs: z.number(), worstMs: z.number() })
export const statusReport = z.object({
  cluster: z.string(),
  /** Who answers. */
  node: z.string(),
  revision: z.number(),
  /** The epoch of the voters that the answering node's lease process acts on; 0: it has no view. */
  epoch: z.number().exactOptional(),
  quorum: z.boolean(),
  groups: list(group),
  services: list(service),
  nodes: list(node),
  troubles: list(nodeTrouble),
  /** Of the answering node's processes since their start: datagrams dropped, by reason (`drop-mac`, `replay`, …), and the like. */
  counters: z.record(z.string(), z.number()).readonly(),
  /** Of the answering node's lease process (`delays.ts`). */
  delays: z.object({ loop: delay, renewal: delay }).exactOptional(),
})
export type PingReport = z.infer<typeof ping>
export type GroupReport = z.infer<typeof group>
export type RealserverReport = z.infer<typeof realserver>
export type ServiceReport = z.infer<typeof service>
export type NodeReport = z.infer<typeof node>
export type NodeTrouble = z.infer<typeof nodeTrouble>
export type Status = z.infer<typeof statusReport>

const historyEvent = z.object({
  /** ISO 8601, wall clock of the node that reports: for reading, never for deciding. */
  at: z.string(),
  node: z.string(),
  /** Empty where the event is about the node itself. */
  group: z.string(),
  kind: z.string(),
  number: z.number(),
  reason: z.string(),
})
export const eventsReport = z.object({ events: list(historyEvent) })
export type HistoryEvent = z.infer<typeof historyEvent>
export type Events = z.infer<typeof eventsReport>

export const switchoverReport = z.object({
  group: z.string(),
  from: z.string(),
  to: z.string(),
  number: z.number(),
  tookMs: z.number(),
})
export const standbyReport = z.object({ node: z.string(), standby: z.boolean() })
export type SwitchoverReport = z.infer<typeof switchoverReport>
export type StandbyReport = z.infer<typeof standbyReport>

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
