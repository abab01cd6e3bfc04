/**
 * Servers that speak in packets. Each is greeted as a client would greet it, by a name that may be unknown there: who refuses the name is
 * at work. Passwords are not sent, for none are needed.
 */
import { converse, type Talk, type Turn } from '../talk.ts'

const USER = 'lvsm-prober'

/** PostgreSQL, Frontend/Backend Protocol, Message Formats. */
const STARTUP = Buffer.from(`\0\x03\0\0user\0${USER}\0database\0postgres\0\0`, 'latin1')
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
export const talkPostgres = (): Talk => ({ first: withLength(STARTUP), next: postgresTurn })
export const askPostgres = converse(talkPostgres)

/** MySQL, Client/Server Protocol: Protocol::HandshakeResponse41 without a password. */
function mysqlLogin(): Buffer {
  const head = Buffer.alloc(32)
  // LONG_PASSWORD, PROTOCOL_41, SECURE_CONNECTION; packets of up to 64 KiB; utf8.
  head.writeUInt32LE(0x0000_8201, 0)
  head.writeUInt32LE(65_536, 4)
  head.writeUInt8(33, 8)
  const body = Buffer.concat([head, Buffer.from(`${USER}\0\0`)])
  return Buffer.concat([Buffer.from([body.length & 0xff, body.length >> 8, 0, 1]), body])
}
const MYSQL_QUIT = Buffer.from([1, 0, 0, 0, 1])
/** ER_CON_COUNT_ERROR, ER_SERVER_SHUTDOWN, ER_TOO_MANY_USER_CONNECTIONS. */
const MYSQL_REFUSALS: ReadonlySet<number> = new Set([1040, 1053, 1203])
/** ER_HOST_IS_BLOCKED, ER_HOST_NOT_PRIVILEGED: it is at work, and whether it takes clients cannot be seen from here. */
const MYSQL_STRANGERS: Readonly<Record<number, string>> = {
  1129: 'mysqladmin flush-hosts there lets this director in again',
  1130: 'give a user of this host a grant there, or write type: tcp',
}

function mysqlTurn(): (heard: Buffer) => Turn {
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
    return { say: mysqlLogin() }
  }
}
export const talkMysql = (): Talk => ({ first: null, next: mysqlTurn() })
export const askMysql = converse(talkMysql)

/** RFC 4511: an anonymous bind of version 3, and the leave. */
const BIND = Buffer.from('300c020101600702010304008000', 'hex')
const UNBIND = Buffer.from('30050201024200', 'hex')
const [SEQUENCE, INTEGER, ENUMERATED, BIND_RESPONSE] = [0x30, 0x02, 0x0a, 0x61]
/** busy, unavailable, other (RFC 4511, appendix A). */
const LDAP_REFUSALS: ReadonlySet<number> = new Set([51, 52, 80])
/** Of the head of an answer, whose rest may be a text. */
const LONGEST_HEAD = 64

/** BER: what is in an element of this kind, with what comes after it. */
function inElement(bytes: Buffer, tag: number): Buffer | null {
  const [kind, length = 0] = bytes
  if (kind !== tag) return null
  return bytes.subarray(length < 0x80 ? 2 : 2 + (length & 0x7f))
}
/** The result of a BindResponse; null: it is none, or not whole. */
function bindResult(heard: Buffer): number | null {
  const message = inElement(heard, SEQUENCE)
  const number = message && inElement(message, INTEGER)
  const response = number && inElement(number.subarray(1), BIND_RESPONSE)
  const result = response && inElement(response, ENUMERATED)
  return result?.[0] ?? null
}
function ldapTurn(heard: Buffer): Turn {
  const result = bindResult(heard)
  if (result !== null)
    return { ok: !LDAP_REFUSALS.has(result), reason: `answers a bind with result ${result}`, bye: UNBIND }
  const strange = heard[0] !== SEQUENCE || heard.length > LONGEST_HEAD
  return strange ? { ok: false, reason: 'its answer is not LDAP’s' } : 'wait'
}
export const talkLdap = (): Talk => ({ first: BIND, next: ldapTurn })
export const askLdap = converse(talkLdap)
