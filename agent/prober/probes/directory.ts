/** A directory: who answers an anonymous bind is at work, whatever it thinks of it; over TLS, where a check wants that to begin by StartTLS. */
import { isSet } from '../keys.ts'
import { converse, type Talk, type Turn } from '../talk.ts'

/** RFC 4511: an anonymous bind of version 3, and the leave. */
const BIND = Buffer.from('300c020101600702010304008000', 'hex')
const UNBIND = Buffer.from('30050201024200', 'hex')
const [SEQUENCE, INTEGER, ENUMERATED, BIND_RESPONSE, EXTENDED_RESPONSE] = [0x30, 0x02, 0x0a, 0x61, 0x78]
/** RFC 4511, 4.14: an ExtendedRequest by its name. */
const START_TLS = Buffer.concat([Buffer.from('301d02010177188016', 'hex'), Buffer.from('1.3.6.1.4.1.1466.20037')])
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
/** The result of an answer of this kind; null: it is none, or not whole. */
function resultOf(heard: Buffer, kind: number): number | null {
  const message = inElement(heard, SEQUENCE)
  const number = message && inElement(message, INTEGER)
  const response = number && inElement(number.subarray(1), kind)
  const result = response && inElement(response, ENUMERATED)
  return result?.[0] ?? null
}
/** How long the message is that begins here, by its own word; null: that is not whole. */
function lengthOf(heard: Buffer): number | null {
  const length = heard[1] ?? 0
  const size = length < 0x80 ? 0 : length & 0x7f
  if (heard.length < 2 + size) return null
  if (size === 0) return 2 + length
  return size > MOST_DIGITS ? Number.POSITIVE_INFINITY : 2 + size + heard.readUIntBE(2, size)
}
const MOST_DIGITS = 4

const waitFor = (heard: Buffer): Turn =>
  heard[0] !== SEQUENCE || heard.length > LONGEST_HEAD ? { ok: false, reason: 'its answer is not LDAP’s' } : 'wait'
function ldapTurn(heard: Buffer): Turn {
  const result = resultOf(heard, BIND_RESPONSE)
  if (result === null) return waitFor(heard)
  return { ok: !LDAP_REFUSALS.has(result), reason: `answers a bind with result ${result}`, bye: UNBIND }
}
function ldapSecures(): (heard: Buffer) => Turn {
  let secured = false
  return (heard) => {
    if (secured) return ldapTurn(heard)
    const result = resultOf(heard, EXTENDED_RESPONSE)
    if (result === null) return waitFor(heard)
    if (result !== 0) return { ok: false, reason: `answers StartTLS with result ${result}`, bye: UNBIND }
    const length = lengthOf(heard)
    if (length === null || heard.length < length) return 'wait'
    secured = true
    return { secure: BIND, heard: length }
  }
}
export const talkLdap = (starttls = false): Talk =>
  starttls ? { first: START_TLS, next: ldapSecures() } : { first: BIND, next: ldapTurn }
export const askLdap = converse(({ keys }) => talkLdap(isSet(keys, 'starttls')))
