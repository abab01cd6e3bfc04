/** Users, tokens for scripts, and who did what: for administrators. */
import * as z from 'zod'
import { userName, userRole } from '../changes/users.ts'
import { type ApiRoute, noQuery, USER_ROLES } from './api-route.ts'
import { unknownReport } from './config-reports.ts'
import { doneReport, tokenLife } from './token-routes.ts'

const count = z.int().min(0)
const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly()
/** A role of a later version reads as the one that may the least. */
const role = z.enum(USER_ROLES).catch('viewer')
const made = { author: z.string(), at: count }

const user = z.object({ name: z.string(), role, hasPassword: z.boolean(), ...made })
export type UserRow = Readonly<z.infer<typeof user>>
const apiToken = z.object({ id: z.string(), name: z.string(), role, until: count.nullable(), ...made })
export type ApiTokenRow = Readonly<z.infer<typeof apiToken>>

export const PASSWORD_LENGTH = { least: 8, most: 1024 } as const
const password = z
  .string({ error: 'the password is missing' })
  .min(PASSWORD_LENGTH.least, { error: `shorter than ${PASSWORD_LENGTH.least} characters` })
  .max(PASSWORD_LENGTH.most, { error: `longer than ${PASSWORD_LENGTH.most} characters` })

const createReport = z.discriminatedUnion('outcome', [
  /** `token`: for `Authorization: Bearer`. It is told once. */
  z.object({ outcome: z.literal('done'), id: z.string(), token: z.string(), until: count.nullable() }),
  unknownReport,
])

const auditRecord = z.object({
  /** Milliseconds of the wall clock of the coordinator that was asked. */
  at: count,
  who: z.string(),
  /** Address, or `socket`. */
  from: z.string(),
  /** `POST /v1/users/add name=ann role=viewer`. */
  what: z.string(),
  /** HTTP. */
  status: count,
  /** Codes of refusals; `revision 7`. */
  result: z.string(),
})
export type AuditRecord = Readonly<z.infer<typeof auditRecord>>

const get = { method: 'GET', query: noQuery, body: null, role: 'admin' } as const
const post = { method: 'POST', query: noQuery, role: 'admin' } as const
const named = z.strictObject({ name: userName })
const noApiToken = { error: 'no id of an API token' }
const apiTokenBody = z.strictObject({ name: userName, role: userRole, expiresMs: tokenLife.nullable().default(null) })

export const USER_ROUTES = {
  users: { ...get, path: '/v1/users', response: z.object({ users: list(user) }) },
  userAdd: {
    ...post,
    path: '/v1/users/add',
    body: z.strictObject({ name: userName, role: userRole }),
    response: doneReport,
  },
  userSet: {
    ...post,
    path: '/v1/users/set',
    body: z.strictObject({ name: userName, role: userRole }),
    response: doneReport,
  },
  userPassword: {
    ...post,
    path: '/v1/users/password',
    body: z.strictObject({ name: userName, password }),
    response: doneReport,
  },
  /** A user's own, who shows the one that he has. */
  ownPassword: {
    ...post,
    path: '/v1/password',
    body: z.strictObject({
      user: userName,
      old: z.string({ error: 'the old password is missing' }).max(1024),
      password,
    }),
    response: doneReport,
    role: 'viewer',
  },
  userRemove: { ...post, path: '/v1/users/remove', body: named, response: doneReport },
  apiTokens: { ...get, path: '/v1/api-tokens', response: z.object({ tokens: list(apiToken) }) },
  apiTokenCreate: { ...post, path: '/v1/api-tokens/create', body: apiTokenBody, response: createReport },
  apiTokenRemove: {
    ...post,
    path: '/v1/api-tokens/remove',
    body: z.strictObject({ id: z.string(noApiToken).regex(/^[0-9a-f]{8}$/, noApiToken) }),
    response: doneReport,
  },
  /** What was asked of this coordinator, newest first: a bounded number since it started. */
  audit: { ...get, path: '/v1/audit', response: z.object({ records: list(auditRecord) }) },
} as const satisfies Readonly<Record<string, ApiRoute>>
