/** Who asks over HTTPS: a browser by the cookie of its session, a script by its token. What is wrong with both is answered alike. */
import type { IncomingMessage } from 'node:http'
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { NO_PEOPLE } from '@lvsm/changes'
import type { People, User } from '@lvsm/protocol'
import { tokenDigest } from '@lvsm/trust'
import { type Reply, refusedWith } from '../../../api/reply.ts'
import { SESSION, Sessions } from '../../../api/sessions.ts'
import { Tries } from '../../../api/tries.ts'
import { decodeApiToken } from '../api-token.ts'
import type { Caller } from '../../../../agent/process/caller.ts'
import type { Gate } from '../gate.ts'
import { tooMany } from '../too-many.ts'

/** `__Host-`: of this host alone, over HTTPS, for all paths (RFC 6265bis, 4.1.3.2). */
const COOKIE = '__Host-lvsm'
const SECRET_BYTES = 32
/** Tokens that are none, a minute. */
const OF_ADDRESS = 20

export interface Known {
  readonly caller: Caller
  /** Null: a token. */
  readonly session: { readonly key: string; readonly mark: string; readonly leftMs: number } | null
  /** Of a token. */
  readonly token: string | null
}
export type Identified = Known | { readonly reply: Reply }

export class Access {
  readonly #gate: Gate
  readonly #sessions = new Sessions()
  readonly #tries = new Tries()
  readonly #clock: () => number
  readonly #failed: (how: 'password' | 'token') => void
  /** `clock`: monotonic milliseconds. `failed`: somebody showed a wrong password or token. */
  constructor(gate: Gate, clock: () => number, failed: (how: 'password' | 'token') => void) {
    this.#gate = gate
    this.#clock = clock
    this.#failed = failed
  }

  identify(incoming: IncomingMessage): Identified {
    const { authorization } = incoming.headers
    if (authorization !== undefined) return this.#byToken(authorization, addressOf(incoming))
    const secret = cookieOf(incoming)
    return (secret !== null && this.#bySession(secret, incoming)) || { reply: NOBODY }
  }

  /** Without a sign of life: of a connection that stays open. */
  isStill({ caller, session, token }: Known): boolean {
    const { users, tokens } = this.#people()
    if (!session) {
      const until = tokens.find(({ id }) => id === token)?.until
      return until === null || (until !== undefined && this.#gate.wallClock() < until)
    }
    const user = users.find(({ name }) => name === caller.name)
    return user !== undefined && markOf(user) === session.mark && this.#sessions.isOpen(session.key, this.#clock())
  }

  async login(user: string, password: string, incoming: IncomingMessage): Promise<Reply> {
    if (!isSameOrigin(incoming, false)) return WRONG_ORIGIN
    const { configuration, host } = this.#gate
    const known = await host.login.check(configuration, user, password, addressOf(incoming))
    if ('status' in known) {
      if (known.status === 401) this.#failed('password')
      return known
    }
    const secret = randomBytes(SECRET_BYTES).toString('base64url')
    this.#sessions.open(keyOf(secret), { user, mark: markOf(known) }, this.#clock())
    const body = { user, role: known.role, leftMs: SESSION.wholeMs }
    return { status: 200, body, headers: { 'set-cookie': cookie(secret, SESSION.wholeMs) } }
  }

  logout({ session }: Known): Reply {
    if (session) this.#sessions.close(session.key)
    return { status: 200, body: {}, headers: { 'set-cookie': cookie('', 0) } }
  }

  /** What this coordinator knows of users: whoever is removed is out when it has heard of it. */
  #people(): People {
    return this.#gate.configuration.known()?.people ?? NO_PEOPLE
  }

  #byToken(authorization: string, from: string): Identified {
    const [, text = ''] = /^Bearer +(\S+)$/i.exec(authorization) ?? []
    const shown = decodeApiToken(text)
    const token = shown && this.#people().tokens.find(({ id }) => id === shown.id)
    if (!shown || !token || !isSame(token.digest, tokenDigest(shown.secret))) {
      this.#failed('token')
      // A right one is never kept waiting by wrong ones from its address: nobody guesses 128 bits.
      const wait = this.#tries.begin([{ key: `token ${from}`, perMinute: OF_ADDRESS }], this.#clock())
      return { reply: wait === null ? NOBODY : tooMany(wait) }
    }
    if (token.until !== null && this.#gate.wallClock() >= token.until) {
      this.#failed('token')
      return { reply: OVER }
    }
    return { caller: { name: `token ${token.name}`, role: token.role, from }, session: null, token: token.id }
  }

  #bySession(secret: string, incoming: IncomingMessage): Identified | null {
    const key = keyOf(secret)
    const now = this.#clock()
    const session = this.#sessions.find(key, now)
    const user = session && this.#people().users.find(({ name }) => name === session.user)
    if (!session || !user || markOf(user) !== session.mark) return null
    const mayChange = incoming.method !== 'GET' || incoming.headers.upgrade !== undefined
    if (mayChange && !isSameOrigin(incoming, true)) return { reply: WRONG_ORIGIN }
    const caller: Caller = { name: user.name, role: user.role, from: addressOf(incoming) }
    return { caller, session: { key, mark: session.mark, leftMs: session.until - now }, token: null }
  }
}

export const addressOf = ({ socket }: IncomingMessage): string => socket.remoteAddress ?? 'unknown'
const keyOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')
const isSame = (one: string, other: string): boolean => timingSafeEqual(Buffer.from(one), Buffer.from(other))
/** Another password, or another user of that name, ends a session. */
const markOf = ({ at, password }: User): string => `${at} ${password?.salt ?? ''}`

const cookie = (secret: string, leftMs: number): string =>
  `${COOKIE}=${secret}; Path=/; Max-Age=${Math.floor(leftMs / 1000)}; HttpOnly; Secure; SameSite=Strict`

function cookieOf({ headers }: IncomingMessage): string | null {
  const words = (headers.cookie ?? '').split(';').map((word) => word.trim())
  const found = words.filter((word) => word.startsWith(`${COOKIE}=`))
  return found.length === 1 ? (found[0]?.slice(COOKIE.length + 1) ?? null) : null
}

/** A page of another server cannot say that it is of this one: browsers write Origin themselves (RFC 6454, 7). */
function isSameOrigin({ headers }: IncomingMessage, needed: boolean): boolean {
  const { origin, host } = headers
  return origin === undefined ? !needed : host !== undefined && origin === `https://${host}`
}

const HOW = 'log in, or send an API token: Authorization: Bearer TOKEN'
const NOBODY: Reply = {
  ...refusedWith(401, [{ code: 'no-user', message: 'this is for users of the cluster', hint: HOW }]),
  headers: { 'www-authenticate': 'Bearer' },
}
const OVER: Reply = {
  ...refusedWith(401, [{ code: 'token-over', message: 'the API token is over', hint: 'lvsm api-token create' }]),
  headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
}
const WRONG_ORIGIN = refusedWith(403, [
  {
    code: 'wrong-origin',
    message: 'a page of another server asks this, or the request does not say which page does',
    hint: 'nothing was done; scripts send an API token in place of the cookie',
  },
])
