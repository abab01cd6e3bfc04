/** Does somebody answer a request of HTTP as the check wants it? */
import { type ClientRequest, type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { TLSSocket } from 'node:tls'
import { VERSION } from '@lvsm/base'
import type { ProbeJob } from '@lvsm/protocol'
import type { Ask } from '../attempt.ts'
import { headersOf, isSet, shownHeader, textOf } from '../keys.ts'
import { failing, reasonOf } from '../reasons.ts'
import { authorityOf } from './authority.ts'
import { askHttp2 } from './http2.ts'
import { pageOf } from './page.ts'
import { tlsOptions } from './tls.ts'
import type { Trace } from '../trace.ts'

const LONGEST_HEAD = 16 * 1024
/** What comes after the verdict is read for so long, that the connection ends in peace: a reset fills logs. */
const LINGER_MS = 500
const LINGER_BYTES = 64 * 1024

const asked =
  (secure: boolean): Ask =>
  (job, end, trace) =>
    isSet(job.keys, 'http2') ? askHttp2(job, end, secure, trace) : askHttp1(job, end, secure, trace)
export const askHttp = asked(false)
export const askHttps = asked(true)

/** Name and value in turn. */
function headOf(job: ProbeJob, secure: boolean): string[] {
  const own = headersOf(job.keys)
  const has = (name: string): boolean => own.some(([one]) => one.toLowerCase() === name)
  return [
    ['Host', authorityOf(job, secure)],
    ...(has('user-agent') ? [] : [['User-Agent', `lvsm-prober/${VERSION}`]]),
    ...(has('accept') ? [] : [['Accept', '*/*']]),
    ...own,
    ['Connection', 'close'],
  ].flat()
}

function askHttp1(job: ProbeJob, end: Parameters<Ask>[1], secure: boolean, trace: Trace): ReturnType<Ask> {
  const { keys, address, port, source } = job
  const page = pageOf(job, end)
  const [method, path] = [textOf(keys, 'method') ?? 'GET', textOf(keys, 'path') ?? '/']
  const headers = headOf(job, secure)
  const request: ClientRequest = (secure ? requestSecure : requestPlain)({
    host: address,
    port,
    ...(source === null ? {} : { localAddress: source }),
    method,
    path,
    headers,
    setHost: false,
    agent: false,
    maxHeaderSize: LONGEST_HEAD,
    ...(secure ? { ...tlsOptions(keys), ALPNProtocols: ['http/1.1'] } : {}),
  })
  let stage = 'no answer'
  let response: IncomingMessage | null = null
  const said = Buffer.from(
    headText(
      `${method} ${path} HTTP/1.1`,
      headers.map((word, at) => (at % 2 === 0 ? word : shownHeader(keys, headers[at - 1] ?? '', word))),
    ),
  )
  request.on('socket', (socket) => {
    trace.socket(socket)
    if (socket instanceof TLSSocket) trace.tls(socket)
    socket.once(secure ? 'secureConnect' : 'connect', () => trace.note('sent', said))
    socket.on('connect', () => {
      stage = `accepts connections, but ${secure ? 'makes no TLS handshake' : 'does not answer the request'}`
    })
    socket.on('secureConnect', () => {
      stage = 'makes a TLS handshake, but does not answer the request'
    })
  })
  request.on('response', (message) => {
    response = message
    trace.note('received', Buffer.from(headText(statusLine(message), message.rawHeaders), 'latin1'))
    page.head(message.statusCode ?? 0)
    message.on('data', (bytes: Buffer) => {
      trace.note('received', bytes)
      page.piece(bytes)
    })
    message.on('end', () => (message.complete ? page.whole() : end(false, 'its answer is not whole')))
    message.on('error', (error) => end(false, `its answer is not whole: ${reasonOf(error)}`))
  })
  request.on('upgrade', (message, socket) => {
    page.head(message.statusCode ?? 0)
    socket.destroy()
  })
  request.on('error', failing(end))
  request.on('close', () => {
    end(false, page.sofar() === null ? 'closed the connection without an answer' : 'its answer is not whole')
  })
  request.end()
  return { sofar: () => page.sofar() ?? stage, close: () => linger(request, response) }
}

/** The head of a request or an answer, for eyes. */
function headText(first: string, headers: readonly string[]): string {
  const lines = headers.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${headers[at + 1] ?? ''}`] : []))
  return [first, ...lines, '', ''].join('\r\n')
}
const statusLine = ({ httpVersion, statusCode = 0, statusMessage = '' }: IncomingMessage): string =>
  `HTTP/${httpVersion} ${statusCode} ${statusMessage}`

function linger(request: ClientRequest, response: IncomingMessage | null): void {
  if (!response || response.complete) return void request.destroy()
  const timer = setTimeout(() => request.destroy(), LINGER_MS)
  let size = 0
  response.on('data', (bytes: Buffer) => {
    size += bytes.length
    if (size > LINGER_BYTES) request.destroy()
  })
  request.on('close', () => clearTimeout(timer))
}
