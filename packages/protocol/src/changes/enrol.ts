/**
 * How nodes come into a cluster: tokens, each a secret that lets so many nodes in, and whoever came in by one. Schemas of what the
 * log and the database keep; the secret itself is in neither, its digest is.
 */
import * as z from 'zod'
import { LONGEST_NAME } from '../http/routes.ts'
import { plainData } from './command.ts'
import { heartbeatKeys, publicHalf } from './heartbeat-keys.ts'

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const name = z.string().min(1).max(LONGEST_NAME)
/** SHA-256, hexadecimal digits. */
export const digest = z.string().regex(/^[0-9a-f]{64}$/)
const tokenId = z.string().regex(/^[0-9a-f]{8}$/)

/** What a token lets in. */
export const tokenTerms = {
  /** Public: says which one. */
  id: tokenId,
  /** Of its secret. */
  digest,
  /** So many nodes. */
  uses: z.int().min(1).max(1000),
  /** Milliseconds of the wall clock of the coordinators. */
  until: count,
  /** The only node that it lets in, also when the cluster knows another machine by that name; null: any new one. */
  node: name.nullable(),
  /** The only roles that it lets in; empty: any. */
  roles: z.array(z.string().min(1).max(LONGEST_NAME)).max(8).readonly(),
} as const

export const token = z.strictObject({
  ...tokenTerms,
  author: z.string().max(LONGEST_NAME),
  at: count,
  /** Nodes that it let in: a node that asks again with the same key does not count twice. */
  used: z.array(name).max(1000).readonly(),
  revoked: z.boolean(),
})
export type Token = Readonly<z.infer<typeof token>>

export const enrolment = z.strictObject({
  /** The node's, as the configuration has it. */
  name,
  /** SHA-256 of its agent's public key (SubjectPublicKeyInfo, DER): who the node is on the coordinators' port for nodes. */
  key: digest,
  at: count,
  /** Of the token; null: it began the cluster. */
  token: tokenId.nullable(),
  /** With which it signs its heartbeats; missing: it has said none, and signs with the key that all nodes share. */
  heartbeat: heartbeatKeys.exactOptional(),
})
export type Enrolment = Readonly<z.infer<typeof enrolment>>

/** All that coordinators keep of it. */
export const enrolled = z.strictObject({
  tokens: z.array(token).readonly(),
  nodes: z.array(enrolment).readonly(),
  /** Grows with each change of the nodes' heartbeat keys; missing: 0, there was none. */
  ring: count.exactOptional(),
})
export type Enrolled = Readonly<z.infer<typeof enrolled>>

const at = count
export const ENROL_ENTRIES = {
  token: z.strictObject({ kind: z.literal('token'), author: z.string().max(LONGEST_NAME), at, ...tokenTerms }),
  revoke: z.strictObject({ kind: z.literal('revoke'), author: z.string().max(LONGEST_NAME), at, id: tokenId }),
  /** A node comes in. `at`: by the clock of the coordinator that it asked. */
  enrol: z.strictObject({
    kind: z.literal('enrol'),
    at,
    id: tokenId,
    digest,
    name,
    key: digest,
    /** Public half of its heartbeat key; missing: its agent says it later. */
    heartbeat: publicHalf.exactOptional(),
    /** Of a node that the configuration does not have: as its file says it, without the name. */
    node: plainData.nullable(),
    /** Newest model version that it was made with. */
    model: count,
  }),
} as const
