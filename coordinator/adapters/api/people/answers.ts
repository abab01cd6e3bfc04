/** What the port for people answers beside the configuration: to machines that join, to load balancers, to browsers. */
import {
  type AskedOf,
  type KeyFile,
  type PEOPLE_ROUTES,
  type PeopleRouteName,
  type JoinBody,
  type JoinPreviewBody,
  type MemberRecord,
  type ReachBody,
} from '@lvsm/protocol'
import { type Authority, fingerprintOfKey, signCertificate, tokenDigest } from '@lvsm/trust'
import { createPublicKey } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import {
  enrolEntry,
  isFailedTry,
  joinPreviewReply,
  joinReply,
  outsideReply,
  refusalOf,
  secretRefusal,
  tokenRefusal,
} from '../../../api/join.ts'
import { openApi } from '../../../api/openapi.ts'
import { notNow, ok, type Reply, refusedWith } from '../../../api/reply.ts'
import { type Bound, Tries } from '../../../api/tries.ts'
import type { Configuration } from '../../../configuration.ts'
import type { Gate } from '../gate.ts'
import type { Access, Known } from './access.ts'
import { CROWDED, Reach } from './reach.ts'
import { tooMany } from '../too-many.ts'

export interface Hosting extends Gate {
  /** To sign with. */
  readonly authority: Authority
  /** Secrets of the heartbeat, for machines that join. */
  readonly heartbeatKeys: () => readonly KeyFile[]
  /** What time it is by a majority of the coordinators' clocks: a lone one ends no token. Null: they are not known yet. */
  readonly agreedClock: () => number | null
}
/** Who asks. `known`: on routes that are for users. */
export interface Guest {
  readonly address: string
  readonly incoming: IncomingMessage
  readonly known: Known | null
}
type Answers = {
  readonly [Name in PeopleRouteName]: (
    asked: AskedOf<(typeof PEOPLE_ROUTES)[Name]>,
    guest: Guest,
  ) => Reply | Promise<Reply>
}

/** Failed tries a minute; of a machine that copied its token wrong a few are heard. */
const OF_ADDRESS = 20
const OF_ALL = 120
const API = openApi()
/** Of a certificate's subject. */
const LONGEST_NAME = 64

export function peopleAnswers(hosting: Hosting, access: Access): Answers {
  const { configuration, authority } = hosting
  const tries = new Tries()
  const reach = new Reach()
  const trying = async (guest: Guest, attempt: () => Promise<Reply>): Promise<Reply> => {
    const bounds: Bound[] = [
      { key: `address ${guest.address}`, perMinute: OF_ADDRESS },
      { key: 'all', perMinute: OF_ALL },
    ]
    const wait = tries.begin(bounds, performance.now())
    if (wait !== null) return tooMany(wait)
    const reply = await attempt()
    if (!isFailedTry(reply)) tries.succeeded(bounds, performance.now())
    return reply
  }
  return {
    authority: () => ok({ authority: authority.certificate }),
    joinPreview: ({ body }, guest) => trying(guest, () => previewed(body, hosting)),
    joinReach: ({ body }, guest) => trying(guest, () => reached(body, hosting, reach)),
    join: ({ body }, guest) => trying(guest, () => joined(body, hosting)),
    health: () => healthReply(configuration),
    openapi: () => ok(API),
    login: ({ body }, { incoming }) => access.login(body.user, body.password, incoming),
    session: (_, { known }) => ok(sessionOf(known)),
    logout: (_, { known }) => (known ? access.logout(known) : ok({})),
  }
}

const sessionOf = (known: Known | null) => ({
  user: known?.caller.name,
  role: known?.caller.role,
  leftMs: known?.session?.leftMs ?? null,
})

/** It takes part, knows the configuration, and somebody leads: what is asked of it now is answered. */
function healthReply(configuration: Configuration): Reply {
  const { raft } = configuration.status()
  const fit = raft.leader !== null && raft.expelled === null && raft.disk === 'ok' && configuration.known() !== null
  return { status: fit ? 200 : 503, body: { status: fit ? 'ok' : 'unavailable' } }
}

async function previewed(
  body: JoinPreviewBody,
  { configuration, agreedClock, heartbeatKeys }: Hosting,
): Promise<Reply> {
  const read = await configuration.read()
  if (read.kind !== 'state') return notNow(read)
  const at = agreedClock()
  if (at === null) return NO_TIME
  const shown = { digest: tokenDigest(body.token.secret), at }
  const known = { members: membersOf(configuration), heartbeatKeys: heartbeatKeys() }
  return joinPreviewReply(read.state, body, shown, known)
}

async function reached(body: ReachBody, { configuration, agreedClock }: Hosting, reach: Reach): Promise<Reply> {
  const read = await configuration.read()
  if (read.kind !== 'state') return notNow(read)
  const [digest, at] = [tokenDigest(body.token.secret), agreedClock()]
  if (at === null) return NO_TIME
  const refused = tokenRefusal(read.state, body, { digest, at })
  if (refused) return refused
  const report = await reach.try(body)
  return report ? ok(report) : refusedWith(503, [CROWDED])
}

async function joined(
  body: JoinBody,
  { configuration, authority, agreedClock, heartbeatKeys }: Hosting,
): Promise<Reply> {
  const key = printOf(body.key)
  if (key === null) return BAD_KEY
  const at = agreedClock()
  if (at === null) return NO_TIME
  const made = enrolEntry(body, { digest: tokenDigest(body.token.secret), key, at })
  if ('reply' in made) return made.reply
  // Strangers write nothing into the log.
  const read = await configuration.read()
  if (read.kind !== 'state') return notNow(read)
  const refused = refusalOf(read.state, made.entry) ?? secretRefusal(read.state, body, heartbeatKeys())
  if (refused) return refused
  const written = await configuration.write(made.entry)
  const outside = outsideReply(written)
  if (outside || written.kind !== 'done') return outside ?? BAD_KEY
  const subject = { name: body.name.slice(0, LONGEST_NAME), publicKey: body.key }
  return joinReply(written.state, body.name, {
    certificate: await signCertificate(authority, subject),
    authority: authority.certificate,
    members: membersOf(configuration),
    heartbeatKeys: heartbeatKeys(),
  })
}

const NO_TIME = refusedWith(503, [
  {
    code: 'no-time',
    message: 'this coordinator has not heard yet what time it is by the clocks of the others, and tokens end by that',
    hint: 'try again in a few seconds',
  },
])

const membersOf = (configuration: Configuration): Iterable<MemberRecord> => configuration.status().members.values()

/** Null: no public key that a certificate is made for. */
function printOf(pem: string): string | null {
  try {
    const isOurs = createPublicKey(pem).asymmetricKeyDetails?.namedCurve === 'prime256v1'
    return isOurs && pem.includes('PUBLIC KEY') ? fingerprintOfKey(pem) : null
  } catch {
    return null
  }
}
const BAD_KEY = refusedWith(400, [
  {
    code: 'bad-key',
    field: 'key',
    message: 'no public key on P-256 (SubjectPublicKeyInfo, PEM)',
    hint: 'lvsm join makes one; a private key never leaves its machine',
  },
])
