/**
 * What one node's kernel counts, as `GET /v1/stats` and `GET /v1/connections` of its agent tell it: read from IPVS at that
 * moment. Only packets that pass the director are counted: with `dr` and `tun` answers go past it, and what goes out is 0.
 */
import * as z from 'zod'

const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly()

export const trafficReport = z.object({
  connections: z.number(),
  inPackets: z.number(),
  outPackets: z.number(),
  inBytes: z.number(),
  outBytes: z.number(),
})
const counted = z.object({
  /** Connections there are now: established, all others, and templates of persistence. */
  active: z.number(),
  inactive: z.number(),
  persistent: z.number(),
  /** Since the kernel has the service, or the realserver in it. */
  totals: trafficReport,
  /** A second, as the kernel estimates it over the last seconds. */
  rates: trafficReport,
})
const realserver = counted.extend({
  /** Null: the configuration has no such realserver (any more). */
  node: z.string().nullable(),
  /** `10.11.0.11:80`. */
  address: z.string(),
  weight: z.number(),
})
const service = counted.extend({
  name: z.string(),
  group: z.string(),
  /** As the kernel names it: `tcp 10.11.0.10:80`, `fwmark 7`. */
  what: z.string(),
  /** Does the kernel have it now? */
  present: z.boolean(),
  realservers: list(realserver),
})
const group = counted.extend({
  name: z.string(),
  /** As this node knows it. */
  owner: z.string().nullable(),
  /** Does this node direct it? Else its kernel has no services of it. */
  directed: z.boolean(),
})
export const statsReport = z.object({
  cluster: z.string(),
  node: z.string(),
  revision: z.number(),
  /** Does the kernel have IPVS? */
  ipvs: z.boolean(),
  /** False: it makes no rates (`run_estimation`), and each of them reads 0. Agents that do not know that say nothing. */
  estimates: z.boolean().exactOptional(),
  /** All of the configuration; services of those that this node directs. */
  groups: list(group),
  services: list(service),
})
export type Traffic = z.infer<typeof trafficReport>
export type Counted = z.infer<typeof counted>
export type RealserverStats = z.infer<typeof realserver>
export type ServiceStats = z.infer<typeof service>
export type GroupStats = z.infer<typeof group>
export type StatsReport = z.infer<typeof statsReport>

/** Connections that one answer names at most, and by default. */
export const MOST_CONNECTIONS_TOLD = 10_000
export const CONNECTIONS_TOLD = 50

const connection = z.object({
  protocol: z.string(),
  /** Port 0: a template of persistence. */
  client: z.string(),
  virtual: z.string(),
  /** Null: of a service that the configuration has not, or of one by mark, of which the kernel does not tell it. */
  service: z.string().nullable(),
  server: z.string(),
  node: z.string().nullable(),
  state: z.string(),
  expiresSeconds: z.number(),
})
export const connectionsReport = z.object({
  cluster: z.string(),
  node: z.string(),
  ipvs: z.boolean(),
  /** False: reading took too long, and the figures are of what was read until then. */
  whole: z.boolean(),
  read: z.number(),
  /** That are what was asked for; with what each is, whether it is in the list or not. */
  matched: z.number(),
  states: z.record(z.string(), z.number()),
  servers: list(
    z.object({
      service: z.string().nullable(),
      server: z.string(),
      node: z.string().nullable(),
      connections: z.number(),
    }),
  ),
  /** The first of them. */
  connections: list(connection),
})
export type ConnectionReport = z.infer<typeof connection>
export type ConnectionsReport = z.infer<typeof connectionsReport>

/** Behind the path, as words of a query. */
export const connectionsQuery = z.strictObject({
  service: z.string().max(100).exactOptional(),
  /** Name of a node, or an address. */
  server: z.string().max(100).exactOptional(),
  /** An address, or a network: `192.168.0.0/16`. */
  client: z.string().max(100).exactOptional(),
  state: z.string().max(20).exactOptional(),
  most: z.coerce.number().int().min(0).max(MOST_CONNECTIONS_TOLD).exactOptional(),
})
export type ConnectionsQuery = z.infer<typeof connectionsQuery>

/** More realservers than these are told one by one only where that is asked for: as many series as Prometheus likes of one target. */
export const REALSERVERS_TOLD = 2000
const choice = z.enum(['yes', 'no'])
/** Behind `/metrics`, as words of a query; others are not looked at. */
export const metricsQuery = z.object({
  /** A series for each realserver. */
  realservers: choice.exactOptional(),
  /** Also under node_exporter's names: `no` where that runs beside. */
  exporter: choice.exactOptional(),
})
export type MetricsQuery = z.infer<typeof metricsQuery>
