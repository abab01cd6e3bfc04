/** Who a node is among the others, as its agent's state directory has it: one file, a secret. JSON. */
import * as z from 'zod'
import { digest } from './changes/enrol.ts'
import { MOST_ADDRESSES, nodeEndpoint } from './changes/coordinator-address.ts'
import { memberRecord } from './changes/member.ts'
import { readVersioned } from './json.ts'

export const IDENTITY_VERSION = 1
/** In UTF-16 units. */
export const LONGEST_IDENTITY = 1 << 18

const pem = z.string().min(1).max(16_384)
const identity = z.object({
  cluster: z.string().min(1),
  /** As the configuration calls it. */
  node: memberRecord.shape.name,
  /** PEM; the private key PKCS#8. */
  certificate: pem,
  privateKey: pem,
  /** The authority's certificate. */
  authority: pem,
  /** Whom it asks first; later it knows who there is from themselves. */
  coordinators: z
    .array(z.object({ addresses: z.array(nodeEndpoint).max(MOST_ADDRESSES).readonly(), key: digest }))
    .max(256)
    .readonly(),
})
export type NodeIdentity = Readonly<z.infer<typeof identity>>

export const encodeNodeIdentity = (value: NodeIdentity): string =>
  `${JSON.stringify({ v: IDENTITY_VERSION, least: 1, ...value }, null, 2)}\n`

/** Null: it is not understood. Never throws, whatever the text. */
export const decodeNodeIdentity = (encoded: string): NodeIdentity | null =>
  readVersioned(identity, encoded, { longest: LONGEST_IDENTITY, version: IDENTITY_VERSION })
