/**
 * Servers that speak in packets. Each is greeted as a client would greet it, by a name that may be unknown there: who refuses the name is
 * at work. Passwords are not sent, for none are needed.
 */
import { isSet } from '../keys.ts'
import { converse, type Talk, type Turn } from '../talk.ts'

const USER = 'lvsm-prober'

/** PostgreSQL, Frontend/Backend Protocol, Message Formats. */
const STARTUP = Buffer.from(`\0\x03\0\0user\0${USER}\0database\0postgres\0\0`, 'latin1')
/** It has no kind, as the first message has none. */
const SSL_REQUEST = Buffer.from('0000000804d2162f', 'hex')
const TERMINATE = Buffer.from('X\0\0\0\x04', 'latin1')
/** Too many connections; shutting down, crashed, or starting up (appendix A, class 53 and 57). */
const NOT_NOW = /^(?:53|57)/

const withLength = (bytes: Buffer): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length + 4)
  return Buffer.concat([length, bytes])
}

function postgresTurn(heard: Buffer): Turn {
  if (heard.length < 5) return 'wait'
  const [kind, length] = [heard.toString('latin1', 0, 1), heard.readUInt32BE(1)]
  if (kind === 'R') return { ok: true, reason: 'asks who it is', bye: TERMINATE }
  if (kind !== 'E' || length > 65_536) return { ok: false, reason: 'its answer is not PostgreSQL’s' }
  if (heard.length < length + 1) return 'wait'
  const fields = heard.toString('utf8', 5, length + 1).split('\0')
  const field = (name: string): string => fields.find((one) => one.startsWith(name))?.slice(1) ?? ''
  const [code, message] = [field('C'), field('M')]
  return NOT_NOW.test(code) || code === ''
    ? { ok: false, reason: `refuses: ${message} (${code})` }
    : { ok: true, reason: `answers: ${message} (${code})` }
}
/** One byte answers the wish, as it does to none of another protocol. */
function postgresSecures(): (heard: Buffer) => Turn {
  let secured = false
  return (heard) => {
    if (secured) return postgresTurn(heard)
    const answer = heard.toString('latin1', 0, 1)
    // Too many connections, or one that starts: it says so before it looks.
    if (answer === 'E') return postgresTurn(heard)
    if (answer === 'N') return { ok: false, reason: 'does not offer TLS' }
    if (answer !== 'S') return { ok: false, reason: 'its answer is not PostgreSQL’s' }
    secured = true
    return { secure: withLength(STARTUP), heard: 1 }
  }
}
export const talkPostgres = (starttls = false): Talk =>
  starttls ? { first: SSL_REQUEST, next: postgresSecures() } : { first: withLength(STARTUP), next: postgresTurn }
export const askPostgres = converse(({ keys }) => talkPostgres(isSet(keys, 'starttls')))

/** LONG_PASSWORD, PROTOCOL_41, SECURE_CONNECTION. */
const CLIENT_FLAGS = 0x0000_8201
const CLIENT_SSL = 0x0800
const mysqlPacket = (number: number, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([body.length & 0xff, body.length >> 8, 0, number]), body])
}
/** What HandshakeResponse41 begins with: packets of up to 64 KiB; utf8. */
function mysqlHead(flags: number): Buffer {
  const head = Buffer.alloc(32)
  head.writeUInt32LE(flags, 0)
  head.writeUInt32LE(65_536, 4)
  head.writeUInt8(33, 8)
  return head
}
/** MySQL, Client/Server Protocol: Protocol::HandshakeResponse41 without a password. */
const mysqlLogin = (number: number, flags: number): Buffer =>
  mysqlPacket(number, mysqlHead(flags), Buffer.from(`${USER}\0\0`))
/** Protocol::HandshakeV10: version, number of the thread, eight bytes and an end of a scramble, then the first half of the flags. */
function offersTls(greeting: Buffer): boolean {
  const at = greeting.indexOf(0, 5) + 14
  return at >= 19 && greeting.length >= at + 2 && (greeting.readUInt16LE(at) & CLIENT_SSL) !== 0
}
/** Protocol::SSLRequest, and the login over TLS. */
const MYSQL_SECURED = {
  before: mysqlPacket(1, mysqlHead(CLIENT_FLAGS | CLIENT_SSL)),
  secure: mysqlLogin(2, CLIENT_FLAGS | CLIENT_SSL),
} as const
const MYSQL_QUIT = Buffer.from([1, 0, 0, 0, 1])
/** ER_CON_COUNT_ERROR, ER_SERVER_SHUTDOWN, ER_TOO_MANY_USER_CONNECTIONS. */
const MYSQL_REFUSALS: ReadonlySet<number> = new Set([1040, 1053, 1203])
/** ER_HOST_IS_BLOCKED, ER_HOST_NOT_PRIVILEGED: it is at work, and whether it takes clients cannot be seen from here. */
const MYSQL_STRANGERS: Readonly<Record<number, string>> = {
  1129: 'mysqladmin flush-hosts there lets this director in again',
  1130: 'give a user of this host a grant there, or write type: tcp',
}

function mysqlTurn(starttls: boolean): (heard: Buffer) => Turn {
  let greeted = ''
  return (heard) => {
    if (heard.length < 5) return 'wait'
    const length = heard.readUIntLE(0, 3)
    if (length === 0 || length > 65_536) return { ok: false, reason: 'its answer is not MySQL’s' }
    if (heard.length < length + 4) return 'wait'
    const kind = heard[4] ?? 0
    if (kind === 0xff) {
      const code = length >= 3 ? heard.readUInt16LE(5) : 0
      const message = heard.toString('utf8', 7, length + 4).replace(/^#...../, '')
      const remedy = MYSQL_STRANGERS[code]
      if (remedy !== undefined)
        return { ok: false, reason: `is at work, and lets nobody in from here: ${message} (${code}): ${remedy}` }
      return greeted === '' || MYSQL_REFUSALS.has(code)
        ? { ok: false, reason: `refuses: ${message} (${code})` }
        : { ok: true, reason: `${greeted}, answers: ${message} (${code})` }
    }
    // Asked for a password, or let in.
    if (greeted !== '')
      return kind === 0xfe || kind === 0
        ? { ok: true, reason: `${greeted}, answers`, bye: MYSQL_QUIT }
        : { ok: false, reason: 'its answer is not MySQL’s' }
    if (kind !== 10) return { ok: false, reason: 'its greeting is not MySQL’s' }
    greeted = `version ${heard.toString('latin1', 5, Math.max(5, heard.indexOf(0, 5)))}`
    if (!starttls) return { say: mysqlLogin(1, CLIENT_FLAGS) }
    if (!offersTls(heard.subarray(0, length + 4))) return { ok: false, reason: `${greeted}, does not offer TLS` }
    return { ...MYSQL_SECURED, heard: length + 4 }
  }
}
export const talkMysql = (starttls = false): Talk => ({ first: null, next: mysqlTurn(starttls) })
export const askMysql = converse(({ keys }) => talkMysql(isSet(keys, 'starttls')))
