/** Tokens, users, and tokens for scripts: what is answered of them. No digest and no hash is in any answer. */
import type { Refusal } from '@lvsm/base'
import type { Outcome, State } from '@lvsm/changes'
import { harmless, refuseName, ROLES, suggest } from '@lvsm/model'
import type { ApiToken, ApiTokenRow, ConfigResponse, Entry, MemberRecord, Token, TokenRow } from '@lvsm/protocol'
import type { Written } from '../configuration.ts'
import { against, notNow, ok, type Reply, refusedWith } from './reply.ts'
import { checked, type Made, NOT_KNOWN_IF, type Signature } from './writes.ts'
import type { Asked } from './request.ts'

const shownToken = ({ id, author, at, uses, used, until, node, roles, revoked }: Token): TokenRow => {
  return { id, author, at, uses, used, until, node, roles, revoked }
}
const shownApiToken = ({ id, name, role, until, author, at }: ApiToken): ApiTokenRow => {
  return { id, name, role, until, author, at }
}

export const tokensReply = ({ enrolled }: State): Reply => {
  const tokens = enrolled.tokens.map(shownToken)
  return ok({ tokens } satisfies ConfigResponse<'tokens'>)
}

/** `made`: its id, and the digest of its secret. */
export const tokenEntry = (
  { uses, expiresMs, node, roles }: Asked<'tokenCreate'>['body'],
  made: { readonly id: string; readonly digest: string },
  by: Signature,
): Made => {
  const wrong = refuseTerms(node, roles)
  if (wrong) return { reply: refusedWith(422, [wrong]) }
  return checked({ kind: 'token', ...by, ...made, uses, until: by.at + expiresMs, node, roles })
}

/** A token that can let nobody in is found out on another machine, by somebody else. */
function refuseTerms(node: string | null, roles: readonly string[]): Refusal | null {
  const name = node === null ? null : refuseName(node)
  if (name)
    return { code: 'bad-name', field: 'node', message: `"${harmless(node ?? '')}" ${name.message}`, hint: name.hint }
  const role = roles.find((one) => !ROLES.some((known) => known === one))
  if (role === undefined) return null
  const message = `"${harmless(role)}" is no role of a node`
  return { code: 'bad-role', field: 'roles', message, hint: suggest(role, ROLES, 'roles') }
}

/** Where machines that join find a coordinator. */
export const doorsOf = (members: Iterable<MemberRecord>): readonly { readonly host: string; readonly port: number }[] =>
  [...members].flatMap(({ api = [] }) => api).slice(0, MOST_DOORS)
const MOST_DOORS = 64

export const NO_DOOR = refusedWith(422, [
  {
    code: 'no-api',
    message: 'no coordinator has a port for machines that join',
    hint: 'coordinators have one that begin or join with --api ADDRESS',
  },
])

export const usersReply = ({ people }: State): Reply => {
  const users = people.users.map(({ password, ...user }) => ({ ...user, hasPassword: password !== null }))
  return ok({ users } satisfies ConfigResponse<'users'>)
}
export const apiTokensReply = ({ people }: State): Reply => {
  const tokens = people.tokens.map(shownApiToken)
  return ok({ tokens } satisfies ConfigResponse<'apiTokens'>)
}

type PeopleEntry = Extract<Entry, { kind: `user-${string}` | `api-token${string}` | 'revoke' }>
type Unsigned<One> = One extends PeopleEntry ? Omit<One, keyof Signature> : never
export const signed = (entry: Unsigned<PeopleEntry>, by: Signature) => checked({ ...entry, ...by } as PeopleEntry)

/** `done`: what is told of a write that was done. */
export function writtenReply(written: Written, wanted: Outcome['kind'], done: object): Reply {
  if (written.kind !== 'done') return written.kind === 'refused' ? notNow(written) : NOT_KNOWN
  const { outcome } = written
  if (outcome.kind === wanted) return ok({ outcome: 'done', ...done })
  return outcome.kind === 'refused' ? against(outcome.refusals) : NOT_KNOWN
}

const NOT_KNOWN: Reply = {
  status: 202,
  body: { outcome: 'unknown', message: NOT_KNOWN_IF, hint: 'list what there is before you repeat it' },
}
