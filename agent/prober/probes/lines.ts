/** Servers that speak in lines: what a well one says, and what it is told to take leave. */
import type { Ask } from '../attempt.ts'
import { converse, type Talk, type Turn } from '../talk.ts'

interface Step {
  /** A line after which more follow. */
  readonly more: RegExp
  readonly good: RegExp
  /** Said then; of the last step the leave. */
  readonly say: string
}
interface Lines {
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

export function talkOf({ first, steps: [begin, ...after] }: Lines): Talk {
  const steps = [...after]
  let step: Step = begin
  const next = (heard: Buffer): Turn => {
    const lines = heard.toString('latin1').split('\n')
    const last = lines.slice(0, -1).find((line) => !step.more.test(line))
    if (last === undefined) return 'wait'
    const line = last.trimEnd()
    if (!step.good.test(line)) return { ok: false, reason: `says "${line}"` }
    const { say } = step
    const following = steps.shift()
    if (!following) return { ok: true, reason: `says "${line}"`, bye: Buffer.from(say) }
    step = following
    return { say: Buffer.from(say) }
  }
  return { first: first === null ? null : Buffer.from(first), next }
}
const ask = (lines: Lines): Ask => converse(() => talkOf(lines))

export const askFtp = ask(FTP)
export const askSmtp = ask(SMTP)
export const askImap = ask(IMAP)
export const askPop3 = ask(POP3)
export const askRedis = ask(REDIS)
