/** A conversation over one TCP connection: what was heard so far says what is said next, or is the verdict. */
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ProbeJob } from '@lvsm/protocol'
import type { Ask, Beside } from './attempt.ts'
import { isSet } from './keys.ts'
import { leave } from './leave.ts'
import { open } from './probes/connect.ts'
import { tlsOptions } from './probes/tls.ts'
import { failing } from './reasons.ts'
import type { Trace } from './trace.ts'

export type Turn =
  | 'wait'
  /** What was heard is done with. */
  | { readonly say: Buffer }
  /** `bye`: so that the server does not take it for a broken connection. */
  | { readonly ok: boolean | null; readonly reason: string; readonly bye?: Buffer; readonly beside?: Beside }
export interface Talk {
  /** Said as soon as somebody accepts the connection; null: the server speaks first. */
  readonly first: Buffer | null
  readonly next: (heard: Buffer) => Turn
  /** What is made of an answer that is not whole when the connection ends; not there: it fails. */
  readonly broken?: (heard: Buffer) => { readonly ok: boolean | null; readonly reason: string }
}

interface Line {
  readonly socket: Socket
  /** It can be spoken over. */
  readonly onOpen: (then: () => void) => void
  readonly close: () => void
}
/** By TLS, where the check says so, from the first byte on. */
function lineTo(job: ProbeJob, end: Parameters<Ask>[1], trace: Trace, accepted: () => void): Line {
  const options = isSet(job.keys, 'tls') ? tlsOptions(job.keys) : null
  const raw = open(job, trace)
  raw.on('error', failing(end))
  if (options === null) return { socket: raw, onOpen: (then) => raw.on('connect', then), close: () => leave(raw) }
  let opened = false
  raw.on('connect', () => {
    opened = true
    accepted()
  })
  const socket = connectTls({ socket: raw, ...options })
  trace.tls(socket)
  socket.on('error', failing(end))
  return {
    socket,
    onOpen: (then) => socket.on('secureConnect', then),
    // Without a handshake there is no session to end.
    close: () => (opened ? leave(socket) : void raw.destroy()),
  }
}

/** Longer than any greeting. */
const LONGEST = 64 * 1024
/** Each piece has all of them looked at again. */
const MOST_PIECES = 200

export const converse =
  (talkOf: (job: ProbeJob) => Talk): Ask =>
  (job, end, trace) => {
    const talk = talkOf(job)
    let sofar = 'no answer'
    const line = lineTo(job, end, trace, () => (sofar = 'accepts connections, but makes no TLS handshake'))
    const { socket } = line
    let heard = Buffer.alloc(0)
    let [over, pieces] = [false, 0]
    const say = (bytes: Buffer): void => {
      trace.note('sent', bytes)
      socket.write(bytes)
    }
    const verdict = (ok: boolean | null, reason: string, bye?: Buffer, beside: Beside = {}): void => {
      over = true
      end(ok, reason, beside)
      if (bye) socket.write(bye)
    }
    line.onOpen(() => {
      sofar = 'accepts connections, but says nothing that is wanted'
      if (talk.first) say(talk.first)
    })
    socket.on('data', (bytes) => {
      if (over) return
      trace.note('received', bytes)
      heard = Buffer.concat([heard, bytes])
      pieces += 1
      if (pieces > MOST_PIECES) return verdict(false, `says nothing that is wanted in ${MOST_PIECES} pieces`)
      const turn = talk.next(heard)
      if (turn === 'wait') {
        if (heard.length > LONGEST) verdict(false, `says ${heard.length} bytes, and nothing that is wanted`)
      } else if ('say' in turn) {
        heard = Buffer.alloc(0)
        pieces = 0
        say(turn.say)
      } else verdict(turn.ok, turn.reason, turn.bye, turn.beside)
    })
    const ended = (): void => {
      const broken = heard.length > 0 ? talk.broken?.(heard) : undefined
      if (broken) end(broken.ok, broken.reason)
      else end(false, 'closed the connection without the answer that is wanted')
    }
    socket.on('end', ended)
    socket.on('close', ended)
    const close = (): void => {
      over = true
      line.close()
    }
    return { sofar: () => sofar, close }
  }
