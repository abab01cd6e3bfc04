/** Tokens, users, and tokens for scripts: what each route does. Secrets are made here, and told once. */
import { encodeToken, makeTokenId, makeTokenSecret, tokenDigest } from '@lvsm/trust'
import {
  apiTokensReply,
  doorsOf,
  NO_DOOR,
  signed,
  tokenEntry,
  tokensReply,
  usersReply,
  writtenReply,
} from '../../api/access.ts'
import { notNow, ok, type Reply, refusedWith } from '../../api/reply.ts'
import type { Made } from '../../api/writes.ts'
import { BUSY, CROWDED } from './passwords.ts'
import { reading } from './reading.ts'
import type { Answers, RouteContext } from './route-context.ts'
import { encodeApiToken } from './api-token.ts'

type AccessRoutes = `token${string}` | `user${string}` | 'ownPassword' | `apiToken${string}` | 'audit'

export const ACCESS_ANSWERS: Pick<Answers, Extract<keyof Answers, AccessRoutes>> = {
  tokens: (_, context) => reading(context, false, tokensReply),
  async tokenCreate({ body }, context) {
    const { configuration, host, signature } = context
    // A coordinator that just came knows of none, not even of itself.
    const read = await configuration.read()
    if (read.kind !== 'state') return notNow(read)
    const to = doorsOf(configuration.status().members.values())
    if (to.length === 0) return NO_DOOR
    const [id, secret, by] = [makeTokenId(), makeTokenSecret(), signature()]
    const made = tokenEntry(body, { id, digest: tokenDigest(secret) }, by)
    if ('reply' in made) return made.reply
    const written = await configuration.write(made.entry)
    const cluster = written.kind === 'done' ? written.state.config.cluster : ''
    const token = encodeToken({ cluster, pin: host.pin, to, id, secret })
    return writtenReply(written, 'token', { id, token, until: by.at + body.expiresMs })
  },
  tokenRevoke: ({ body }, context) =>
    write(context, signed({ kind: 'revoke', id: body.id }, context.signature()), 'token'),
  users: (_, context) => reading(context, false, usersReply),
  userAdd: ({ body }, context) => write(context, signed({ kind: 'user-add', ...body }, context.signature())),
  userSet: ({ body }, context) => write(context, signed({ kind: 'user-set', ...body }, context.signature())),
  async userPassword({ body: { name, password: text } }, context) {
    const password = await context.host.passwords.hash(text)
    if (password === BUSY) return refusedWith(503, [CROWDED])
    return write(context, signed({ kind: 'user-set', name, password }, context.signature()))
  },
  async ownPassword({ body: { user, old, password: text } }, context) {
    const { configuration, host, from, signature } = context
    const known = await host.login.check(configuration, user, old, from)
    if ('status' in known) return known
    const password = await host.passwords.hash(text)
    if (password === BUSY) return refusedWith(503, [CROWDED])
    const by = { ...signature(), author: user }
    return write(context, signed({ kind: 'user-set', name: user, password }, by))
  },
  userRemove: ({ body }, context) => write(context, signed({ kind: 'user-remove', ...body }, context.signature())),
  apiTokens: (_, context) => reading(context, false, apiTokensReply),
  async apiTokenCreate({ body: { name, role, expiresMs } }, context) {
    const [id, secret, by] = [makeTokenId(), makeTokenSecret(), context.signature()]
    const until = expiresMs === null ? null : by.at + expiresMs
    const entry = { kind: 'api-token', id, name, role, digest: tokenDigest(secret), until } as const
    return write(context, signed(entry, by), 'people', { id, token: encodeApiToken(id, secret), until })
  },
  apiTokenRemove: ({ body }, context) =>
    write(context, signed({ kind: 'api-token-remove', id: body.id }, context.signature())),
  audit: (_, { host }) => ok({ records: host.audit.present() }),
}

async function write(
  { configuration }: RouteContext,
  made: Made,
  wanted: 'people' | 'token' = 'people',
  done: object = {},
): Promise<Reply> {
  return 'reply' in made ? made.reply : writtenReply(await configuration.write(made.entry), wanted, done)
}
