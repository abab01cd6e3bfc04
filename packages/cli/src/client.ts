/** One HTTP exchange with an agent over its unix socket. */
import {
  ROUTES,
  type RouteName,
  type RouteRequests,
  type RouteResponses,
  readRefusals,
  readResponse,
} from '@lvsm/protocol'
import { request } from 'node:http'
import { plainText, type Refusal } from '@lvsm/base'

/** No longer answer is read: an agent's status of a large site stays far below. */
const LONGEST_ANSWER = 16 * 1024 * 1024

export interface Call<Name extends RouteName> {
  readonly route: Name
  readonly body: RouteRequests[Name]
  readonly timeoutMs: number
  /** Ends the exchange early: the answer has become needless. */
  readonly signal?: AbortSignal
}

export type Answer<Name extends RouteName> =
  | { readonly kind: 'ok'; readonly value: RouteResponses[Name] }
  | { readonly kind: 'refused'; readonly refusals: readonly Refusal[] }
  /** Nobody answered: `reason` in words; `sent` when the request may have been carried out all the same. */
  | { readonly kind: 'silent'; readonly reason: string; readonly sent: boolean }
  /** It answered, but not what this version asked for. */
  | { readonly kind: 'strange' }

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such socket: the agent is not running',
  ECONNREFUSED: 'nobody listens: the agent has stopped',
  EACCES: 'permission denied: run as root',
  ENOTSOCK: 'not a socket',
  ECONNRESET: 'the agent hung up',
  EPIPE: 'the agent hung up',
}

/** Never rejects. */
export function call<Name extends RouteName>(
  socketPath: string,
  { route, body, timeoutMs, signal }: Call<Name>,
): Promise<Answer<Name>> {
  const { method, path } = ROUTES[route]
  return new Promise((resolve) => {
    const payload = body === null ? undefined : JSON.stringify(body)
    let connected = false
    const silent = (reason: string): void => {
      clearTimeout(timer)
      resolve({ kind: 'silent', reason, sent: connected && method === 'POST' })
    }
    const headers =
      payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }
    const outgoing = request({ socketPath, method, path, headers, agent: false }, (incoming) => {
      const chunks: Buffer[] = []
      let size = 0
      incoming.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > LONGEST_ANSWER) outgoing.destroy(new Error('the answer is too long'))
        else chunks.push(chunk)
      })
      incoming.on('error', (error) => silent(error.message))
      incoming.on('end', () => {
        clearTimeout(timer)
        resolve(understand(route, incoming.statusCode ?? 0, Buffer.concat(chunks).toString('utf8')))
      })
    })
    const timer = setTimeout(() => {
      silent(`no answer within ${timeoutMs / 1000} s: the agent is frozen or overloaded`)
      outgoing.destroy()
    }, timeoutMs)
    signal?.addEventListener('abort', () => outgoing.destroy())
    outgoing.on('socket', (socket) => socket.once('connect', () => (connected = true)))
    outgoing.on('error', (error: NodeJS.ErrnoException) => silent(REASONS[error.code ?? ''] ?? error.message))
    outgoing.end(payload)
  })
}

function understand<Name extends RouteName>(route: Name, statusCode: number, text: string): Answer<Name> {
  const body = parse(text)
  // Whoever answered a request like that had it, and may have carried it out.
  const sent = ROUTES[route].method === 'POST'
  if (body === undefined)
    return { kind: 'silent', reason: `HTTP ${statusCode} without JSON: is this an lvsm agent?`, sent }
  if (statusCode >= 200 && statusCode < 300) {
    const value = readResponse(route, body)
    return value === null ? { kind: 'strange' } : { kind: 'ok', value }
  }
  const refusals = readRefusals(body)
  if (refusals) return { kind: 'refused', refusals }
  return { kind: 'silent', reason: `HTTP ${statusCode} without a reason`, sent }
}

/** Undefined for what is no JSON. Nothing of it paints on a terminal: the words may be those of another node, or of a server. */
function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text, (_, part: unknown) => (typeof part === 'string' ? plainText(part) : part))
    return value
  } catch {
    return undefined
  }
}
