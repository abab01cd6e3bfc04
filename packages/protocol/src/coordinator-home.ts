/** Who a coordinator is, as its state directory has it. JSON. */
import * as z from 'zod'
import { MOST_ADDRESSES, nodeEndpoint } from './changes/coordinator-address.ts'
import { memberRecord } from './changes/member.ts'
import { readVersioned } from './json.ts'

export const HOME_VERSION = 1
/** In UTF-16 units. */
export const LONGEST_HOME = 1 << 16

const id = z.int().min(1).max(Number.MAX_SAFE_INTEGER)
const home = z.object({
  cluster: z.string().min(1),
  /** Its own; from the log. */
  id,
  node: memberRecord.shape.name,
  /** Where it listens for other nodes. */
  listen: z.array(nodeEndpoint).min(1).max(MOST_ADDRESSES).readonly(),
  /** Where it listens for people, and for machines that join; without it: nowhere. */
  api: z.array(nodeEndpoint).min(1).max(MOST_ADDRESSES).readonly().exactOptional(),
  /** Whom it asks before its database says who the coordinators are. */
  seeds: z.array(z.object({ id, addresses: z.array(nodeEndpoint).readonly(), key: memberRecord.shape.key })).readonly(),
})
export type CoordinatorHome = Readonly<z.infer<typeof home>>

export const encodeHome = (value: CoordinatorHome): string =>
  `${JSON.stringify({ v: HOME_VERSION, least: 1, ...value }, null, 2)}\n`

/** Null: it is not understood. Never throws, whatever the text. */
export const decodeHome = (encoded: string): CoordinatorHome | null =>
  readVersioned(home, encoded, { longest: LONGEST_HOME, version: HOME_VERSION })
