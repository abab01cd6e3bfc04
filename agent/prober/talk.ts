/** A conversation over one TCP connection: what was heard so far says what is said next, or is the verdict. */
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ProbeJob } from '@lvsm/protocol'
import type { Ask, Asking, Beside, End } from './attempt.ts'
import { isSet } from './keys.ts'
import { endsByReset, leave, reset } from './leave.ts'
import { open } from './probes/connect.ts'
import { tlsOptions } from './probes/tls.ts'
import { failing } from './reasons.ts'
import type { Trace } from './trace.ts'

export type Turn =
  | 'wait'
  /** What was heard is done with. */
  | { readonly say: Buffer }
  | Secure
  /** `bye`: so that the server does not take it for a broken connection. */
  | { readonly ok: boolean | null; readonly reason: string; readonly bye?: Buffer; readonly beside?: Beside }
/** From here on both speak TLS. */
interface Secure {
  /** Said over it. */
  readonly secure: Buffer
  /** Said in the clear before. */
  readonly before?: Buffer
  /** So many bytes had the server to say before. Whatever comes with them somebody else may have put in. */
  readonly heard: number
}
export interface Talk {
  /** Said as soon as somebody accepts the connection; null: the server speaks first. */
  readonly first: Buffer | null
  readonly next: (heard: Buffer) => Turn
  /** What is made of an answer that is not whole when the connection ends; not there: it fails. */
  readonly broken?: (heard: Buffer) => { readonly ok: boolean | null; readonly reason: string }
}

/** Longer than any greeting. */
const LONGEST = 64 * 1024
/** Each piece has all of them looked at again. */
const MOST_PIECES = 200

class Conversation implements Asking {
  readonly #talk: Talk
  readonly #end: End
  readonly #trace: Trace
  readonly #options: ReturnType<typeof tlsOptions> | null
  readonly #raw: Socket
  readonly #resets: boolean
  /** What is spoken over: the same, or TLS over it. */
  #socket: Socket
  #sofar = 'no answer'
  #heard = Buffer.alloc(0)
  #pieces = 0
  #over = false
  /** Without a handshake there is no session to end. */
  #isOpen = false

  constructor(talk: Talk, job: ProbeJob, end: End, trace: Trace) {
    const begins = isSet(job.keys, 'tls')
    this.#talk = talk
    this.#end = end
    this.#trace = trace
    // Throws where the check's own certificate is of no use: before anything is opened.
    this.#options = begins || isSet(job.keys, 'starttls') ? tlsOptions(job.keys) : null
    this.#raw = open(job, trace)
    this.#resets = endsByReset(job)
    this.#socket = this.#raw
    this.#raw.on('error', failing(end))
    if (!begins) this.#listen()
    this.#raw.on('connect', () => {
      this.#isOpen = true
      if (begins) this.#sofar = 'accepts connections, but makes no TLS handshake'
      else this.#opened(talk.first)
    })
    if (begins) this.#secure(talk.first)
  }

  sofar = (): string => this.#sofar
  close = (): void => {
    this.#over = true
    if (!this.#isOpen) this.#raw.destroy()
    else if (this.#resets) reset(this.#raw)
    else leave(this.#socket)
  }

  #opened(first: Buffer | null): void {
    this.#sofar = 'accepts connections, but says nothing that is wanted'
    if (first) this.#say(first)
  }
  #say(bytes: Buffer): void {
    this.#trace.note('sent', bytes)
    this.#socket.write(bytes)
  }

  readonly #onData = (bytes: Buffer): void => {
    if (this.#over) return
    this.#trace.note('received', bytes)
    this.#heard = Buffer.concat([this.#heard, bytes])
    this.#pieces += 1
    if (this.#pieces > MOST_PIECES) return this.#verdict(false, `says nothing that is wanted in ${MOST_PIECES} pieces`)
    const turn = this.#talk.next(this.#heard)
    if (turn === 'wait') {
      if (this.#heard.length > LONGEST)
        this.#verdict(false, `says ${this.#heard.length} bytes, and nothing that is wanted`)
    } else if ('say' in turn) {
      this.#forget()
      this.#say(turn.say)
    } else if ('secure' in turn) this.#upgrade(turn)
    else this.#verdict(turn.ok, turn.reason, turn.bye, turn.beside)
  }
  readonly #onEnd = (): void => {
    const broken = this.#heard.length > 0 ? this.#talk.broken?.(this.#heard) : undefined
    if (broken) this.#end(broken.ok, broken.reason)
    else this.#end(false, 'closed the connection without the answer that is wanted')
  }
  #forget(): void {
    this.#heard = Buffer.alloc(0)
    this.#pieces = 0
  }

  #listen(): void {
    this.#socket.on('data', this.#onData)
    this.#socket.on('end', this.#onEnd)
    this.#socket.on('close', this.#onEnd)
  }
  #upgrade({ secure, before, heard }: Secure): void {
    if (this.#heard.length > heard) return this.#verdict(false, 'says more in the clear before TLS begins')
    this.#forget()
    if (before) this.#say(before)
    this.#socket.off('data', this.#onData)
    this.#socket.off('end', this.#onEnd)
    this.#socket.off('close', this.#onEnd)
    this.#sofar = 'answers, but makes no TLS handshake'
    this.#secure(secure)
  }
  #secure(first: Buffer | null): void {
    const socket = connectTls({ socket: this.#raw, ...this.#options })
    this.#trace.tls(socket)
    this.#socket = socket
    socket.on('error', failing(this.#end))
    socket.on('secureConnect', () => this.#opened(first))
    this.#listen()
  }

  #verdict(ok: boolean | null, reason: string, bye?: Buffer, beside: Beside = {}): void {
    this.#over = true
    this.#end(ok, reason, beside)
    if (bye) this.#socket.write(bye)
  }
}

export const converse =
  (talkOf: (job: ProbeJob) => Talk): Ask =>
  (job, end, trace) =>
    new Conversation(talkOf(job), job, end, trace)
