/** The same by HTTP/2 (RFC 9113): over TLS where the server agrees to it in the handshake, else by prior knowledge. */
import { type ClientHttp2Session, connect as connectSession, type OutgoingHttpHeaders } from 'node:http2'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { VERSION } from '@lvsm/base'
import type { ProbeJob } from '@lvsm/protocol'
import type { Asking, End } from '../attempt.ts'
import { headersOf, shownHeader, textOf } from '../keys.ts'
import { failing } from '../reasons.ts'
import { authorityOf } from './authority.ts'
import { open } from './connect.ts'
import { pageOf } from './page.ts'
import { tlsOptions } from './tls.ts'
import type { Trace } from '../trace.ts'

/** Megabytes of one session, and pairs of a head. */
const MEMORY_MB = 1
const MOST_PAIRS = 128
const LINGER_MS = 500

function headOf(job: ProbeJob, secure: boolean): OutgoingHttpHeaders {
  const { keys } = job
  const own = headersOf(keys).map(([name, value]): [string, string] => [name.toLowerCase(), value])
  return {
    'user-agent': `lvsm-prober/${VERSION}`,
    accept: '*/*',
    ...Object.fromEntries(own),
    ':method': textOf(keys, 'method') ?? 'GET',
    ':scheme': secure ? 'https' : 'http',
    ':authority': authorityOf(job, secure),
    ':path': textOf(keys, 'path') ?? '/',
  }
}

interface Opened {
  readonly session: ClientHttp2Session
  readonly sofar: () => string
  readonly close: () => void
}

/** A session to the server of a job. Whatever ends it, ends the attempt. */
export function openSession(job: ProbeJob, end: End, secure: boolean, trace: Trace): Opened {
  const options = secure ? tlsOptions(job.keys) : null
  const raw = open(job, trace)
  let stage = 'no answer'
  raw.on('connect', () => {
    stage = `accepts connections, but ${secure ? 'makes no TLS handshake' : 'does not answer the request'}`
  })
  raw.on('error', failing(end))
  const say = (now: string): void => {
    stage = now
  }
  const socket = options ? encrypted(raw, options, end, { say, trace }) : raw
  const session = connectSession(`${secure ? 'https' : 'http'}://prober.invalid`, {
    createConnection: () => socket,
    settings: { enablePush: false },
    maxSessionMemory: MEMORY_MB,
    maxHeaderListPairs: MOST_PAIRS,
    maxReservedRemoteStreams: 0,
  })
  session.on('error', failing(end))
  // Without an error it still answers what it has taken.
  session.on('goaway', (code) => {
    if (code !== 0) end(false, `ends the session (GOAWAY ${code})`)
  })
  return { session, sofar: () => stage, close: () => leave(session, raw) }
}

export function askHttp2(job: ProbeJob, end: End, secure: boolean, trace: Trace): Asking {
  const page = pageOf(job, end)
  const { session, sofar, close } = openSession(job, end, secure, trace)
  session.on('close', () => {
    end(false, page.sofar() === null ? 'closed the connection without an answer' : 'its answer is not whole')
  })
  const headers = headOf(job, secure)
  const shown = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, shownHeader(job.keys, name, String(value))]),
  )
  const stream = session.request(headers)
  stream.on('ready', () => trace.note('sent', pairsText(shown)))
  stream.on('response', (answered) => {
    trace.note('received', pairsText(answered))
    page.head(Number(answered[':status']))
  })
  stream.on('data', (bytes: Buffer) => {
    trace.note('received', bytes)
    page.piece(bytes)
  })
  stream.on('end', () => page.whole())
  stream.on('error', failing(end))
  stream.end()
  return { sofar: () => page.sofar() ?? sofar(), close }
}

/** A head of HTTP/2, for eyes. */
export const pairsText = (headers: OutgoingHttpHeaders): Buffer =>
  Buffer.from(
    Object.entries(headers)
      .map(([name, value]) => `${name}: ${String(value)}`)
      .join('\r\n'),
  )

interface Watched {
  readonly say: (stage: string) => void
  readonly trace: Trace
}
function encrypted(raw: Socket, options: ReturnType<typeof tlsOptions>, end: End, { say, trace }: Watched): Socket {
  const socket = connectTls({ socket: raw, ...options, ALPNProtocols: ['h2'] })
  trace.tls(socket)
  socket.on('error', failing(end))
  socket.on('secureConnect', () => {
    say('makes a TLS handshake, but does not answer the request')
    if (socket.alpnProtocol !== 'h2') end(false, 'it does not speak HTTP/2')
  })
  return socket
}

function leave(session: ClientHttp2Session, raw: Socket): void {
  // In peace where somebody is there.
  if (raw.connecting) raw.destroy()
  if (session.destroyed) return
  const timer = setTimeout(() => {
    session.destroy()
    raw.destroy()
  }, LINGER_MS)
  session.on('close', () => clearTimeout(timer))
  session.close()
}
