/** Rates of the last hours, as `GET /v1/rates` of an agent tells them, and of all nodes now, as `GET /v1/cluster/rates` of a coordinator does. */
import * as z from 'zod'
import { trafficReport } from './counts.ts'

const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly()

/** So far apart are samples, and so many are kept: of the last hour, and of the last twelve. */
export const RATE_SPANS = {
  hour: { stepMs: 10_000, samples: 360 },
  halfDay: { stepMs: 60_000, samples: 720 },
} as const

/** Oldest first; null: not known. */
const line = list(z.number().nullable())
const lines = z.object({ connections: line, inPackets: line, outPackets: line, inBytes: line, outBytes: line })
const series = z.object({ hour: lines, halfDay: lines })
export const rateHistory = z.object({
  cluster: z.string(),
  node: z.string(),
  /** ISO 8601, of the wall clock: when the newest sample ended. Null: there is none yet. */
  at: z.string().nullable(),
  /** Does this node direct any service? Else there is nothing to sample. */
  directs: z.boolean(),
  /** Milliseconds between two samples. */
  stepMs: z.object({ hour: z.number(), halfDay: z.number() }),
  /** Of all that this kernel forwards. */
  total: series,
  /** Those that were asked for; else the busiest of the last hour. */
  services: list(z.object({ name: z.string(), ...series.shape })),
  /** Names of services that had traffic, and are not among them. */
  more: list(z.string()),
  /** Of services that have no series of their own, together. Null: all have. */
  rest: series.nullable(),
})
export type RateLines = z.infer<typeof lines>
export type RateSeries = z.infer<typeof series>
export type RateHistory = z.infer<typeof rateHistory>

/** Behind the path, as words of a query. */
export const ratesQuery = z.strictObject({ service: z.string().max(100).exactOptional() })

const rates = trafficReport.nullable()
const connections = { active: z.number().nullable(), inactive: z.number().nullable() }
const node = z.object({
  name: z.string(),
  roles: list(z.string()),
  /** How old its own word is; null: its agent said nothing yet. */
  ageMs: z.number().nullable(),
  /** Why nothing of its own is known; empty: it is. */
  reason: z.string(),
  /** What its kernel forwards, by its own word of the last ten seconds. Null: not known, or it directs nothing. */
  directs: rates,
  /** What the directors forward to it, by theirs; connections by the owners' tables. Null: not known, or it is no realserver. */
  serves: rates,
  ...connections,
})
const service = z.object({
  name: z.string(),
  group: z.string(),
  owner: z.string().nullable(),
  rates,
  ...connections,
  /** Why there are no rates; empty: there are. */
  reason: z.string(),
})
export const clusterRates = z.object({
  cluster: z.string(),
  node: z.string(),
  nodes: list(node),
  services: list(service),
})
export type ClusterRates = z.infer<typeof clusterRates>
export type NodeRates = z.infer<typeof node>
export type ServiceRates = z.infer<typeof service>
