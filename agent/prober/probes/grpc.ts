/** The health service of gRPC (grpc/grpc, GRPC Health Checking Protocol): one call of `Check`, over HTTP/2. */
import type { Ask } from '../attempt.ts'
import { isSet, textOf } from '../keys.ts'
import { failing } from '../reasons.ts'
import { authorityOf } from './authority.ts'
import { openSession, pairsText } from './http2.ts'

const STATES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const
const SERVING = 1
/** Of a message: whether it is compressed, and its length. */
const FRAME = 5
const LONGEST = 1024

/** HealthCheckRequest: field 1 is the name of the service. */
function requestOf(service: string): Buffer {
  const name = Buffer.from(service)
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, name.length]), name])
  const frame = Buffer.alloc(FRAME)
  frame.writeUInt32BE(message.length, 1)
  return Buffer.concat([frame, message])
}

/** Of HealthCheckResponse field 1; a message without it has the first. Null: it is none. */
export function stateOf(bytes: Buffer): number | null {
  if (bytes.length < FRAME || bytes[0] !== 0) return null
  const message = bytes.subarray(FRAME)
  if (message.length !== bytes.readUInt32BE(1)) return null
  if (message.length === 0) return 0
  return message[0] === 0x08 && message.length >= 2 && (message[1] ?? 0) < 0x80 ? (message[1] ?? null) : null
}

export const askGrpc: Ask = (job, end, trace) => {
  const secure = isSet(job.keys, 'tls')
  const { session, sofar, close } = openSession(job, end, secure, trace)
  session.on('close', () => end(false, 'closed the connection without an answer'))
  const stream = session.request({
    ':method': 'POST',
    ':scheme': secure ? 'https' : 'http',
    ':authority': authorityOf(job, secure),
    ':path': '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc',
    te: 'trailers',
  })
  let heard = Buffer.alloc(0)
  let status: string | undefined
  stream.on('response', (headers) => {
    trace.note('received', pairsText(headers))
    status = wordOf(headers['grpc-status'])
    if (headers[':status'] !== 200) end(false, `answers with status ${headers[':status']}`)
  })
  stream.on('trailers', (headers) => {
    trace.note('received', pairsText(headers))
    status = wordOf(headers['grpc-status'])
  })
  stream.on('data', (bytes: Buffer) => {
    trace.note('received', bytes)
    heard = Buffer.concat([heard, bytes])
    if (heard.length > LONGEST) end(false, 'its answer is no answer of the health service')
  })
  stream.on('end', () => {
    if (status !== undefined && status !== '0') return end(false, `answers the call with grpc-status ${status}`)
    const state = stateOf(heard)
    if (state === null) return end(false, 'its answer is no answer of the health service')
    end(state === SERVING, `says ${STATES[state] ?? state}`)
  })
  stream.on('error', failing(end))
  const question = requestOf(textOf(job.keys, 'grpc-service') ?? '')
  stream.on('ready', () => trace.note('sent', question))
  stream.end(question)
  return { sofar, close }
}

const wordOf = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value)
