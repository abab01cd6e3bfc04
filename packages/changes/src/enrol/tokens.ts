/** Tokens: made, revoked, used up, over. One that is over is kept for a while, so that whoever comes with it is told why not. */
import type { Refusal } from '@lvsm/base'
import type { Enrolled, Entry, Token } from '@lvsm/protocol'

const MOST_TOKENS = 1000
/** After its end, in milliseconds. */
const KEPT_MS = 7 * 86_400_000

export type TokenEntry = Extract<Entry, { kind: 'token' }>
export type RevokeEntry = Extract<Entry, { kind: 'revoke' }>
export type Tokened =
  | { readonly refusal?: never; readonly enrolled: Enrolled; readonly token: Token }
  | { readonly refusal: Refusal; readonly enrolled?: never }

export function addToken(enrolled: Enrolled, entry: TokenEntry): Tokened {
  const { id, digest, uses, until, node, roles, author, at } = entry
  const kept = enrolled.tokens.filter((one) => one.until + KEPT_MS > at)
  if (kept.some((one) => one.id === id)) return { refusal: exists(id) }
  if (until <= at) return { refusal: over }
  if (kept.length >= MOST_TOKENS) return { refusal: tooMany }
  const token: Token = { id, digest, uses, until, node, roles, author, at, used: [], revoked: false }
  return { enrolled: { ...enrolled, tokens: [...kept, token] }, token }
}

export function revokeToken(enrolled: Enrolled, { id }: RevokeEntry): Tokened {
  const token = enrolled.tokens.find((one) => one.id === id)
  if (!token) return { refusal: unknown(id) }
  const revoked = { ...token, revoked: true }
  return {
    enrolled: { ...enrolled, tokens: enrolled.tokens.map((one) => (one === token ? revoked : one)) },
    token: revoked,
  }
}

export const useToken = (token: Token, name: string): Token => ({ ...token, used: [...token.used, name] })

export interface Shown {
  readonly id: string
  readonly digest: string
  readonly name: string
  /** Milliseconds of the coordinators' wall clock. */
  readonly at: number
}
/** Why it lets this one in no more. `isIn`: it let this very machine in, which may ask again as long as it is in. */
export function refuseToken(token: Token | undefined, { id, digest, name, at }: Shown, isIn: boolean): Refusal | null {
  if (!token || token.digest !== digest) return stranger(id)
  if (token.revoked) return revokedToken(id)
  if (token.node !== null && token.node !== name) return otherNode(token.node, name)
  if (at >= token.until) return expired(id, at - token.until)
  if (isIn || token.used.length < token.uses) return null
  return usedUp(id, token.used)
}

const AGAIN = 'make a new one on any node of the cluster: lvsm token create'

const exists = (id: string): Refusal => ({
  code: 'token-exists',
  message: `there is a token ${id} already`,
  hint: 'try again',
})
const over: Refusal = {
  code: 'token-over',
  field: 'until',
  message: 'the token would be over before it is made',
  hint: 'name a longer life: --expires 1h',
}
const tooMany: Refusal = {
  code: 'too-many-tokens',
  message: `there are ${MOST_TOKENS} tokens, used or not`,
  hint: 'they are forgotten a week after their end; revoking one does not make room at once',
}
const unknown = (id: string): Refusal => ({
  code: 'unknown-token',
  field: 'id',
  message: `there is no token ${id}`,
  hint: 'lvsm token list names those that there are',
})
/** The same for a wrong secret as for a wrong cluster: whoever guesses learns nothing. */
const stranger = (id: string): Refusal => ({
  code: 'token-unknown',
  message: `token ${id} is not known here: it is of another cluster, it was cut off when it was copied, or it was over long ago`,
  hint: AGAIN,
})
const revokedToken = (id: string): Refusal => ({
  code: 'token-revoked',
  message: `token ${id} was revoked`,
  hint: AGAIN,
})
const otherNode = (node: string, name: string): Refusal => ({
  code: 'token-node',
  field: 'name',
  message: `the token is for ${node}, and this node calls itself ${name}`,
  hint: `join with --name ${node}, or make a token that names no node: lvsm token create`,
})
const expired = (id: string, ms: number): Refusal => ({
  code: 'token-expired',
  message: `token ${id} expired ${ms < 120_000 ? `${Math.ceil(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`} ago, by the coordinators' clock`,
  hint: AGAIN,
})
const usedUp = (id: string, names: readonly string[]): Refusal => ({
  code: 'token-used',
  message: `token ${id} was used: it let in ${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`,
  hint: AGAIN,
})
