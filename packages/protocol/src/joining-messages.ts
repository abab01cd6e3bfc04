/**
 * How a node that is in becomes a coordinator: it says who it would be, and one that leads makes it a member. One message each way,
 * JSON with a kind and a version, on a connection of its own.
 */
import * as z from 'zod'
import { digest } from './changes/enrol.ts'
import { MOST_ADDRESSES, nodeEndpoint } from './changes/coordinator-address.ts'
import { memberRecord } from './changes/member.ts'
import { refusedReport } from './http/status.ts'
import { readKind, type Unread } from './json.ts'
import { keyFile } from './key-files.ts'
import { LONGEST_NAME } from './http/routes.ts'

export const JOINING_VERSION = 1
/** In UTF-16 units, and bytes of UTF-8. */
export const LONGEST_JOINING = 1 << 18

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const pem = z.string().min(1).max(16_384)

export const JOINING_SCHEMAS = {
  candidate: z.object({
    kind: z.literal('candidate'),
    /** Of its database. */
    store: z.string().min(1).max(LONGEST_NAME),
    /** Of its own links, and of no other: SubjectPublicKeyInfo, PEM. */
    key: pem,
    /** Where other nodes are to reach it. */
    addresses: memberRecord.shape.addresses,
    /** Where people reach it; not there: nowhere. */
    api: memberRecord.shape.api,
  }),
  accepted: z.object({
    kind: z.literal('accepted'),
    /** Its own, from the log. */
    id: count.min(1),
    /** Of its key, by the authority; PEM. */
    certificate: pem,
    /** PKCS#8, PEM: every coordinator lets nodes in. A secret. */
    authorityKey: pem,
    /** Of the heartbeat, for nodes that it lets in. Secrets. */
    keys: z.array(keyFile).max(64).readonly(),
    members: z
      .array(z.object({ id: count, addresses: z.array(nodeEndpoint).max(MOST_ADDRESSES).readonly(), key: digest }))
      .max(256)
      .readonly(),
  }),
  /** Nothing was done. */
  refused: z.object({ kind: z.literal('refused'), refusals: refusedReport.shape.refusals }),
} as const
type Word<Kind extends keyof typeof JOINING_SCHEMAS> = Readonly<z.infer<(typeof JOINING_SCHEMAS)[Kind]>>
export type Candidate = Word<'candidate'>
export type Accepted = Word<'accepted'>
export type Admission = Accepted | Word<'refused'>
export type JoiningMessage = Candidate | Admission

export type ReadJoining =
  | { readonly ok: true; readonly message: JoiningMessage }
  | { readonly ok: false; readonly reason: Unread }

export const encodeJoining = (message: JoiningMessage): string =>
  JSON.stringify({ v: JOINING_VERSION, least: 1, ...message })

/** Never throws, whatever the text. */
export function decodeJoining(encoded: string): ReadJoining {
  const bounds = { longest: LONGEST_JOINING, version: JOINING_VERSION }
  const read = readKind<JoiningMessage>(JOINING_SCHEMAS, encoded, bounds, () => false)
  return read.ok ? { ok: true, message: read.value } : read
}
