/**
 * Who may look at the cluster and change it over HTTPS: users with passwords, and tokens for scripts. Schemas of what the log and
 * the database keep; passwords and tokens themselves are in neither.
 */
import * as z from 'zod'
import { USER_ROLES } from '../http/api-route.ts'
import { LONGEST_NAME } from '../http/routes.ts'
import { digest } from './enrol.ts'

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
export const userName = z.string({ error: 'the name of a user is missing' }).regex(/^[A-Za-z][A-Za-z0-9._-]{0,31}$/, {
  error: 'no name of a user: a letter, then letters, digits, . _ - up to 32',
})
export const userRole = z.enum(USER_ROLES, { error: `none of ${USER_ROLES.join(', ')}` })
const apiTokenId = z.string().regex(/^[0-9a-f]{8}$/, { error: 'no id of an API token' })
const hex = z.string().regex(/^(?:[0-9a-f]{2}){16,64}$/)

/** RFC 7914, with the parameters that it was made with: later ones may be dearer. */
export const passwordHash = z.strictObject({
  scheme: z.literal('scrypt'),
  n: z
    .int()
    .min(2)
    .max(1 << 20),
  r: z.int().min(1).max(32),
  p: z.int().min(1).max(16),
  salt: hex,
  hash: hex,
})
export type PasswordHash = Readonly<z.infer<typeof passwordHash>>

const made = { author: z.string().max(LONGEST_NAME), at: count }
const user = z.strictObject({
  name: userName,
  role: userRole,
  /** Null: nobody logs in as this user. */
  password: passwordHash.nullable(),
  ...made,
})
export type User = Readonly<z.infer<typeof user>>

const apiTokenTerms = {
  /** Public: says which one. */
  id: apiTokenId,
  name: userName,
  role: userRole,
  /** SHA-256 of its secret. */
  digest,
  /** Milliseconds of the wall clock of the coordinators; null: until it is removed. */
  until: count.nullable(),
} as const
const apiToken = z.strictObject({ ...apiTokenTerms, ...made })
export type ApiToken = Readonly<z.infer<typeof apiToken>>

/** All that coordinators keep of it. */
export const people = z.strictObject({ users: z.array(user).readonly(), tokens: z.array(apiToken).readonly() })
export type People = Readonly<z.infer<typeof people>>

export const USER_ENTRIES = {
  'user-add': z.strictObject({ kind: z.literal('user-add'), ...made, name: userName, role: userRole }),
  /** What is not said stays. */
  'user-set': z.strictObject({
    kind: z.literal('user-set'),
    ...made,
    name: userName,
    role: userRole.exactOptional(),
    password: passwordHash.exactOptional(),
  }),
  'user-remove': z.strictObject({ kind: z.literal('user-remove'), ...made, name: userName }),
  'api-token': z.strictObject({ kind: z.literal('api-token'), ...made, ...apiTokenTerms }),
  'api-token-remove': z.strictObject({ kind: z.literal('api-token-remove'), ...made, id: apiTokenId }),
} as const
