/** Realservers that left the configuration and still have connections, as a node's record of what is its own in IPVS keeps them: a text each. */
import * as z from 'zod'
import { LONGEST_NAME } from './http/routes.ts'
import { readVersioned } from './json.ts'

const name = z.string().max(LONGEST_NAME)
const count = z.number().min(0).max(Number.MAX_SAFE_INTEGER)
const port = z.int().min(0).max(65_535)
const KEPT_LEAVING_VERSION = 1
const LONGEST_KEPT_LEAVING = 4096
const keptLeaving = z.object({
  service: name,
  /** Socket or mark of the service. */
  of: name,
  /** The first revision without it. */
  revision: count,
  /** Since when, milliseconds of the wall clock. */
  since: count,
  /** As the model has it; the words of its tables are looked up by whoever reads them. */
  realserver: z.object({
    ...{ node: name, address: name, port, forward: name, gateway: name.nullable() },
    ...{ route: name.exactOptional(), tunnel: name.exactOptional(), tunnelPort: port.exactOptional() },
    placement: name.exactOptional(),
  }),
})
export type KeptLeaving = z.infer<typeof keptLeaving>

export const encodeKeptLeaving = (value: KeptLeaving): string =>
  JSON.stringify({ v: KEPT_LEAVING_VERSION, least: 1, ...value })
/** Null: damaged, or of a newer version. Never throws. */
export const decodeKeptLeaving = (encoded: string): KeptLeaving | null =>
  readVersioned<KeptLeaving>(keptLeaving, encoded, { longest: LONGEST_KEPT_LEAVING, version: KEPT_LEAVING_VERSION })
