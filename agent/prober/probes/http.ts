/** Does somebody answer a request of HTTP as the check wants it? */
import { type ClientRequest, type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { endpointText, VERSION } from '@lvsm/base'
import type { ProbeJob } from '@lvsm/protocol'
import type { Ask } from '../attempt.ts'
import { isSet, listOf, textOf } from '../keys.ts'
import { reasonOf } from '../reasons.ts'
import { askHttp2 } from './http2.ts'
import { pageOf } from './page.ts'
import { tlsOptions } from './tls.ts'

const LONGEST_HEAD = 16 * 1024
/** What comes after the verdict is read for so long, that the connection ends in peace: a reset fills logs. */
const LINGER_MS = 500
const LINGER_BYTES = 64 * 1024

export const askHttp: Ask = (job, end) => (isSet(job.keys, 'http2') ? askHttp2 : askHttp1)(job, end, false)
export const askHttps: Ask = (job, end) => (isSet(job.keys, 'http2') ? askHttp2 : askHttp1)(job, end, true)

/** Name and value in turn. */
function headersOf({ keys, address, port }: ProbeJob, usualPort: number): string[] {
  const host = textOf(keys, 'host') ?? address
  const own = listOf(keys, 'headers').map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()]
  })
  const has = (name: string): boolean => own.some(([one]) => one.toLowerCase() === name)
  return [
    ['Host', port === usualPort ? endpointHost(host) : endpointText(host, port)],
    ...(has('user-agent') ? [] : [['User-Agent', `lvsm-prober/${VERSION}`]]),
    ...(has('accept') ? [] : [['Accept', '*/*']]),
    ...own,
    ['Connection', 'close'],
  ].flat()
}
const endpointHost = (host: string): string => (host.includes(':') ? `[${host}]` : host)

function askHttp1(job: ProbeJob, end: Parameters<Ask>[1], secure: boolean): ReturnType<Ask> {
  const { keys, address, port, source } = job
  const page = pageOf(keys, end)
  const request: ClientRequest = (secure ? requestSecure : requestPlain)({
    host: address,
    port,
    ...(source === null ? {} : { localAddress: source }),
    method: textOf(keys, 'method') ?? 'GET',
    path: textOf(keys, 'path') ?? '/',
    headers: headersOf(job, secure ? 443 : 80),
    setHost: false,
    agent: false,
    maxHeaderSize: LONGEST_HEAD,
    ...(secure ? { ...tlsOptions(keys), ALPNProtocols: ['http/1.1'] } : {}),
  })
  let stage = 'no answer'
  let response: IncomingMessage | null = null
  request.on('socket', (socket) => {
    socket.on('connect', () => {
      stage = `accepts connections, but ${secure ? 'makes no TLS handshake' : 'does not answer the request'}`
    })
    socket.on('secureConnect', () => {
      stage = 'makes a TLS handshake, but does not answer the request'
    })
  })
  request.on('response', (message) => {
    response = message
    page.head(message.statusCode ?? 0)
    message.on('data', (bytes: Buffer) => page.piece(bytes))
    message.on('end', () => (message.complete ? page.whole() : end(false, 'its answer is not whole')))
    message.on('error', (error) => end(false, `its answer is not whole: ${reasonOf(error)}`))
  })
  request.on('upgrade', (message, socket) => {
    page.head(message.statusCode ?? 0)
    socket.destroy()
  })
  request.on('error', (error) => end(false, reasonOf(error)))
  request.on('close', () => {
    end(false, page.sofar() === null ? 'closed the connection without an answer' : 'its answer is not whole')
  })
  request.end()
  return { sofar: () => page.sofar() ?? stage, close: () => linger(request, response) }
}

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
