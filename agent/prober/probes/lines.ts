/** Servers that speak in lines: what a well one says, how TLS begins where a check wants that, and what it is told to take leave. */
import type { Ask } from '../attempt.ts'
import { isSet } from '../keys.ts'
import { converse, type Talk, type Turn } from '../talk.ts'

interface Step {
  /** A line after which more follow. */
  readonly more: RegExp
  readonly good: RegExp
  /** Said then; of the last step the leave; empty: it was said. */
  readonly say: string
  /** What one of its lines must be; the text: what is said where none is. */
  readonly offers?: readonly [line: RegExp, otherwise: string]
  /** TLS begins after it, and what is said then is said over that. */
  readonly secures?: true
}
export interface Lines {
  readonly first: string | null
  readonly steps: readonly [Step, ...Step[]]
}

const NONE = /^(?!)/
export const FTP: Lines = { first: null, steps: [{ more: /^(?!\d{3} )/, good: /^220 /, say: 'QUIT\r\n' }] }
export const SMTP: Lines = {
  first: null,
  steps: [
    { more: /^\d{3}-/, good: /^220 /, say: 'EHLO lvsm-prober\r\n' },
    { more: /^\d{3}-/, good: /^250 /, say: 'QUIT\r\n' },
  ],
}
export const IMAP: Lines = { first: null, steps: [{ more: NONE, good: /^\* (?:OK|PREAUTH)\b/, say: 'a LOGOUT\r\n' }] }
export const POP3: Lines = { first: null, steps: [{ more: NONE, good: /^\+OK\b/, say: 'QUIT\r\n' }] }
/** One that wants a password is there; one that loads its data or lost its master is not. */
export const REDIS: Lines = {
  first: 'PING\r\n',
  steps: [{ more: NONE, good: /^(?:\+PONG|-NOAUTH|-NOPERM|-WRONGPASS)\b/, say: 'QUIT\r\n' }],
}

/** RFC 4217. */
export const FTP_UPGRADED: Lines = {
  first: null,
  steps: [
    { more: /^(?!\d{3} )/, good: /^220 /, say: 'AUTH TLS\r\n' },
    { more: /^(?!\d{3} )/, good: /^234 /, say: 'QUIT\r\n', secures: true },
    { more: /^(?!\d{3} )/, good: /^221 /, say: '' },
  ],
}
/** RFC 3207: what was offered before is forgotten, and asked for again. */
export const SMTP_UPGRADED: Lines = {
  first: null,
  steps: [
    { more: /^\d{3}-/, good: /^220 /, say: 'EHLO lvsm-prober\r\n' },
    {
      ...{ more: /^\d{3}-/, good: /^250 /, say: 'STARTTLS\r\n' },
      offers: [/^250[- ]STARTTLS\s*$/i, 'does not offer STARTTLS'],
    },
    { more: /^\d{3}-/, good: /^220 /, say: 'EHLO lvsm-prober\r\n', secures: true },
    { more: /^\d{3}-/, good: /^250 /, say: 'QUIT\r\n' },
  ],
}
/** RFC 3501, 6.2.1: the server greets once. */
export const IMAP_UPGRADED: Lines = {
  first: null,
  steps: [
    { more: NONE, good: /^\* (?:OK|PREAUTH)\b/, say: 'a STARTTLS\r\n' },
    { more: /^\* /, good: /^a OK\b/, say: 'b NOOP\r\n', secures: true },
    { more: /^\* /, good: /^b OK\b/, say: 'c LOGOUT\r\n' },
  ],
}
/** RFC 2595, 4: nothing may be said before somebody logs in that a server must know, but the leave. */
export const POP3_UPGRADED: Lines = {
  first: null,
  steps: [
    { more: NONE, good: /^\+OK\b/, say: 'STLS\r\n' },
    { more: NONE, good: /^\+OK\b/, say: 'QUIT\r\n', secures: true },
    { more: NONE, good: /^\+OK\b/, say: '' },
  ],
}

export function talkOf({ first, steps: [begin, ...after] }: Lines): Talk {
  const steps = [...after]
  let step: Step = begin
  const next = (heard: Buffer): Turn => {
    const lines = heard.toString('latin1').split('\n').slice(0, -1)
    const at = lines.findIndex((line) => !step.more.test(line))
    if (at < 0) return 'wait'
    const line = (lines[at] ?? '').trimEnd()
    const { good, say, offers, secures } = step
    if (!good.test(line)) return { ok: false, reason: secures ? `begins no TLS: says "${line}"` : `says "${line}"` }
    const whole = lines.slice(0, at + 1)
    if (offers && !whole.some((one) => offers[0].test(one))) return { ok: false, reason: offers[1] }
    const following = steps.shift()
    if (!following) return { ok: true, reason: `says "${line}"`, ...(say === '' ? {} : { bye: Buffer.from(say) }) }
    step = following
    if (secures) return { secure: Buffer.from(say), heard: whole.join('\n').length + 1 }
    return { say: Buffer.from(say) }
  }
  return { first: first === null ? null : Buffer.from(first), next }
}
const ask = (lines: Lines, upgraded = lines): Ask =>
  converse(({ keys }) => talkOf(isSet(keys, 'starttls') ? upgraded : lines))

export const askFtp = ask(FTP, FTP_UPGRADED)
export const askSmtp = ask(SMTP, SMTP_UPGRADED)
export const askImap = ask(IMAP, IMAP_UPGRADED)
export const askPop3 = ask(POP3, POP3_UPGRADED)
export const askRedis = ask(REDIS)
