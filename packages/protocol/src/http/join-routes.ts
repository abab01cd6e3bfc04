/**
 * How a machine comes into a cluster: what it asks of the coordinators' port for people before it has a certificate. The token says
 * by which authority's key it knows that it speaks with the right ones; whoever asks shows the token's secret.
 */
import * as z from 'zod'
import { nodeEndpoint } from '../changes/coordinator-address.ts'
import { plainData } from '../changes/command.ts'
import { digest } from '../changes/enrol.ts'
import { publicHalf } from '../changes/heartbeat-keys.ts'
import { readVersioned } from '../json.ts'
import { type ApiRoute, noQuery } from './api-route.ts'
import { LONGEST_NAME } from './routes.ts'

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const name = z.string().min(1).max(LONGEST_NAME)
const pem = z.string().min(1).max(16_384)
const list = <Item extends z.ZodType>(item: Item, most: number) => z.array(item).max(most).readonly()

const token = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{8}$/, { error: 'no id of a token' }),
  secret: z.string().regex(/^[0-9a-f]{32}$/, { error: 'no secret of a token' }),
})
const asked = {
  token,
  /** As what it comes in. */
  name,
  /** What it is, as the configuration's file says it, without the name; null: the configuration has it. */
  node: plainData.nullable(),
  model: count,
}
/** Nothing is changed by it. */
const previewBody = z.strictObject(asked)
/**
 * `key`: the public key of its agent (SubjectPublicKeyInfo, PEM). The same key may ask again. `heartbeat`: the public half of the one
 * that it signs its heartbeats with. `has`: of the keys that a preview named as missing, those whose file is on the machine.
 */
const joinBody = z.strictObject({
  ...asked,
  key: pem,
  heartbeat: publicHalf.exactOptional(),
  has: list(count, 64).exactOptional(),
})

/** Where the machine listens for a moment, and waits for a coordinator to try it. */
const reachBody = z.strictObject({
  token,
  name,
  /** Heartbeats arrive there. */
  udp: nodeEndpoint,
  /** Where it is to be reached as a coordinator. */
  tcp: list(nodeEndpoint, 4),
  /** What a coordinator sends by UDP, and the machine sends back. */
  word: z.string().regex(/^[0-9a-f]{32}$/),
})
export type ReachBody = Readonly<z.output<typeof reachBody>>
const reachReport = z.object({
  /** The coordinator's own address on the way there. */
  from: z.string().max(255),
  /** The word came back. */
  answered: z.boolean(),
  /** In the order of the request; null: a connection was made. */
  tcp: list(z.string().max(1000).nullable(), 4),
})
export type ReachReport = Readonly<z.infer<typeof reachReport>>

const coordinator = z.object({ addresses: list(nodeEndpoint, 16), key: digest })
const joinPreview = z.object({
  cluster: name,
  /** As the configuration has it, or would. */
  node: plainData,
  /** The configuration has it already. */
  present: z.boolean(),
  /** Where coordinators listen for nodes. */
  coordinators: list(coordinator, 256),
  /** Milliseconds of the coordinator's wall clock. */
  clock: count,
  /** Keys of the heartbeat in files that this coordinator does not have: a machine without them is to get them first. */
  missing: list(z.object({ id: count, file: z.string().min(1).max(4096) }), 64).exactOptional(),
})
export type JoinPreview = Readonly<z.infer<typeof joinPreview>>

const joinReport = z.object({
  cluster: name,
  name,
  /** Of its agent's key, PEM. */
  certificate: pem,
  /** The authority's, PEM. */
  authority: pem,
  coordinators: list(coordinator, 256),
  /** Keys of the heartbeat whose secret stands in a file: `digits` hexadecimal; null: no coordinator knows it. */
  keys: list(z.object({ id: count, file: z.string().min(1).max(4096), digits: z.string().max(1024).nullable() }), 64),
  /** Of the configuration, with this node. */
  revision: count,
})
export type JoinReport = Readonly<z.infer<typeof joinReport>>

/** PEM: not believed until its key is the one that the token names. */
const authorityReport = z.object({ authority: pem })

export const JOIN_ROUTES = {
  authority: {
    method: 'GET',
    path: '/v1/authority',
    query: noQuery,
    body: null,
    response: authorityReport,
    role: null,
  },
  joinPreview: {
    method: 'POST',
    path: '/v1/join/preview',
    query: noQuery,
    body: previewBody,
    response: joinPreview,
    role: null,
  },
  joinReach: {
    method: 'POST',
    path: '/v1/join/reach',
    query: noQuery,
    body: reachBody,
    response: reachReport,
    role: null,
  },
  join: { method: 'POST', path: '/v1/join', query: noQuery, body: joinBody, response: joinReport, role: null },
} as const satisfies Readonly<Record<string, ApiRoute>>
export type JoinBody = z.output<typeof joinBody>
export type JoinPreviewBody = z.output<typeof previewBody>

/** What stands in the text that `lvsm token create` prints. */
const tokenText = z.object({
  cluster: name,
  /** SHA-256 of the authority's public key (SubjectPublicKeyInfo, DER). */
  pin: digest,
  /** The coordinators' ports for people. */
  to: list(nodeEndpoint, 64),
  ...token.shape,
})
export type TokenText = Readonly<z.infer<typeof tokenText>>

const TOKEN_VERSION = 1
/** In UTF-16 units. */
const LONGEST_TOKEN = 8192

/** JSON; as one word it is packages/trust's. */
export const writeTokenText = (value: TokenText): string => JSON.stringify({ v: TOKEN_VERSION, least: 1, ...value })

/** Null: it is none, it was cut off, or it is of a newer version. Never throws, whatever the text. */
export const readTokenText = (encoded: string): TokenText | null =>
  readVersioned(tokenText, encoded, { longest: LONGEST_TOKEN, version: TOKEN_VERSION })
