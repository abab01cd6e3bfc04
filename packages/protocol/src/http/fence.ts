/** The kernel's fence of one node, as `GET /v1/fence` tells it: read from nf_tables at that moment. Milliseconds. */
import * as z from 'zod'
import { troubleReport } from './status.ts'

const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly()

/** nf_tables family of a table; `arp`, `netdev` and `ip6` guard what a node announces, `inet` what it serves. */
const family = z.enum(['arp', 'netdev', 'ip6', 'inet'])
const part = z.enum(['announce', 'serve'])

/** The element of a group in one table: while it lives, the group's addresses pass there. */
const element = z.object({
  part,
  family,
  open: z.boolean(),
  /** Until the kernel closes it by itself; 0 when it is closed. */
  leftMs: z.number(),
  /** As it was renewed last; 0 when it is closed. */
  timeoutMs: z.number(),
  /** Packets (ARP: frames) of the group's addresses that this table dropped since it was built, in all of its hooks. */
  droppedPackets: z.number(),
  droppedBytes: z.number(),
})
const group = z.object({
  name: z.string(),
  /** Does this node direct it, by its configuration? */
  directed: z.boolean(),
  /** Addresses that lead to the group's chain, by any of the tables. */
  addresses: list(z.string()),
  elements: list(element),
})
/** `hooks`: names of its base chains. */
const table = z.object({ part, family, present: z.boolean(), hooks: list(z.string()) })
export const fenceReport = z.object({
  cluster: z.string(),
  node: z.string(),
  /** Groups that this node directs, by its configuration; a node without any has no fence. */
  directs: list(z.string()),
  /** Why the lease process, which renews the elements, does not answer; null when it does. */
  leaseFault: z.string().nullable(),
  tables: list(table),
  groups: list(group),
  /** What is missing, each with the next step. */
  faults: list(troubleReport),
})
export type FenceFamily = z.infer<typeof family>
export type FencePartName = z.infer<typeof part>
export type FenceElementReport = z.infer<typeof element>
export type FenceGroupReport = z.infer<typeof group>
export type FenceTableReport = z.infer<typeof table>
export type FenceReport = z.infer<typeof fenceReport>
