/** Tokens with which machines join, for whoever makes them. */
import * as z from 'zod'
import { LONGEST_NAME } from './routes.ts'
import { type ApiRoute, noQuery } from './api-route.ts'
import { unknownReport } from './config-reports.ts'

const count = z.int().min(0)
const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly()
const id = z.string({ error: 'the id of a token is missing' }).regex(/^[0-9a-f]{8}$/, { error: 'no id of a token' })

const HOUR_MS = 3_600_000
/** Milliseconds: from a second to a year. */
export const tokenLife = z
  .int({ error: 'no number of milliseconds' })
  .min(1000, { error: 'less than a second' })
  .max(366 * 24 * HOUR_MS, { error: 'more than a year' })

/** Without its secret, which nobody has but who made it. */
const token = z.object({
  id: z.string(),
  author: z.string(),
  at: count,
  /** So many nodes; those that it let in. */
  uses: count,
  used: list(z.string()),
  /** Milliseconds of the wall clock of the coordinators. */
  until: count,
  /** The only node, and the only roles, that it lets in; null and none: any. */
  node: z.string().nullable(),
  roles: list(z.string()),
  revoked: z.boolean(),
})
export type TokenRow = Readonly<z.infer<typeof token>>

const name = z.string().min(1).max(LONGEST_NAME)
const createBody = z.strictObject({
  uses: z
    .int({ error: 'no number of nodes' })
    .min(1, { error: 'less than one node' })
    .max(1000, { error: 'more than 1000 nodes' })
    .default(1),
  expiresMs: tokenLife.default(HOUR_MS),
  node: name.nullable().default(null),
  roles: z.array(name).max(8).readonly().default([]),
})
const createReport = z.discriminatedUnion('outcome', [
  /** `token`: what `lvsm join` takes. It is told once. */
  z.object({ outcome: z.literal('done'), id: z.string(), token: z.string(), until: count }),
  unknownReport,
])
export const doneReport = z.discriminatedUnion('outcome', [z.object({ outcome: z.literal('done') }), unknownReport])

export const TOKEN_ROUTES = {
  tokens: {
    method: 'GET',
    path: '/v1/tokens',
    query: noQuery,
    body: null,
    response: z.object({ tokens: list(token) }),
    role: 'admin',
  },
  tokenCreate: {
    method: 'POST',
    path: '/v1/tokens/create',
    query: noQuery,
    body: createBody,
    response: createReport,
    role: 'admin',
  },
  tokenRevoke: {
    method: 'POST',
    path: '/v1/tokens/revoke',
    query: noQuery,
    body: z.strictObject({ id }),
    response: doneReport,
    role: 'admin',
  },
} as const satisfies Readonly<Record<string, ApiRoute>>
