/**
 * How many connections, packets and bytes a second: what an agent's thread reads of the kernel for it (`agent/counts`), and what the agent
 * says of the last reading to the coordinators. Five figures each, in the order of `RATE_KINDS`.
 */
import * as z from 'zod'
import { boundedRecord } from './bounded.ts'
import type { Traffic } from './http/counts.ts'
import { LONGEST_NAME } from './http/routes.ts'

export const RATE_KINDS = [
  'connections',
  'inPackets',
  'outPackets',
  'inBytes',
  'outBytes',
] as const satisfies readonly (keyof Traffic)[]

const count = z.number().min(0)
const five = z.tuple([count, count, count, count, count]).readonly()
/** Totals, or a second. */
export type Five = z.infer<typeof five>
export const NO_TRAFFIC: Five = [0, 0, 0, 0, 0]
export const fiveOf = ({ connections, inPackets, outPackets, inBytes, outBytes }: Traffic): Five => [
  connections,
  inPackets,
  outPackets,
  inBytes,
  outBytes,
]
export const trafficOf = ([connections, inPackets, outPackets, inBytes, outBytes]: Five): Traffic => ({
  connections,
  inPackets,
  outPackets,
  inBytes,
  outBytes,
})

const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly()
/** Totals since the kernel has each; who has none yet is left out. */
export const totalsReading = z.object({
  /** Null: the kernel has no IPVS. */
  node: five.nullable(),
  services: list(z.object({ name: z.string(), totals: five })),
  /** `key`: `destKey`. Null: there are too many to be read again and again. */
  servers: list(z.object({ service: z.string(), node: z.string(), key: z.string(), totals: five })).nullable(),
})
export type TotalsReading = z.infer<typeof totalsReading>

/** Who has more realservers is not asked for each of them again and again. */
export const MOST_SERVERS_READ = 2000
/** Of services, the busiest. */
export const MOST_RATES_SAID = 256
/** More than any configuration has. */
const MOST_NODES = 1024
const name = z.string().max(LONGEST_NAME)
export const saidRates = z.object({
  /** All that this node's kernel forwards. */
  node: five,
  /** Service → its own; who has none now is left out. */
  services: boundedRecord(name, five, MOST_RATES_SAID),
  /** Realserver → what this node forwards to it, of all services. Null: there are too many. */
  servers: boundedRecord(name, five, MOST_NODES).nullable(),
})
export type SaidRates = z.infer<typeof saidRates>
