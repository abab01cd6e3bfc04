/** One HTTP exchange over a unix socket. */
import { plainText } from '@lvsm/base'
import { VIEWERS } from '@lvsm/protocol'
import { statSync } from 'node:fs'
import { request } from 'node:http'
import { Failure } from './failure.ts'

/** No longer answer is read: a status of a large site, and a document as text and as data, stay far below. */
const LONGEST_ANSWER = 32 * 1024 * 1024

export interface Exchange {
  /** For messages: `agent`. */
  readonly who: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Null: none. */
  readonly body: unknown
  readonly timeoutMs: number
  /** Ends the exchange early: the answer has become needless. */
  readonly signal?: AbortSignal | undefined
}
export type Heard =
  /** `body` undefined: it is no JSON. */
  | { readonly kind: 'answered'; readonly status: number; readonly body: unknown }
  /** Nobody answered: `reason` in words; `sent` when the request may have been carried out all the same. */
  | { readonly kind: 'silent'; readonly reason: string; readonly sent: boolean }

const NO_SOCKET = 'no such socket'
export const isNoSocket = (reason: string): boolean => reason.startsWith(NO_SOCKET)
const DENIED = `permission denied: it is for root, and for members of group ${VIEWERS}, who may look`
const WAY_IN = `run it as root; or become a member, to look: as root usermod -aG ${VIEWERS} USER, and log in again`
/** A socket, and why nobody answered there. */
export interface Silence {
  readonly socketPath: string
  readonly reason: string
}
/** `whom`: `an agent`. `hint`: the next step of a user whom the kernel let in at one of them at least. */
export function unreached(whom: string, silences: readonly Silence[], hint: string): Failure {
  const lines = silences.map(({ socketPath, reason }) => `\n  ${socketPath}: ${reason}`)
  const isShut = silences.length > 0 && silences.every(({ reason }) => reason === DENIED)
  return new Failure('unreachable', `cannot reach ${whom}; tried:${lines.join('')}`, isShut ? WAY_IN : hint)
}

/** `path`: of the socket. */
const REASONS: Readonly<Record<string, (who: string, path: string) => string>> = {
  ENOENT: (who) => `${NO_SOCKET}: the ${who} is not running`,
  ECONNREFUSED: (who, path) => (isSocket(path) ? `nobody listens: the ${who} has stopped` : 'this is no socket'),
  EACCES: () => DENIED,
  ECONNRESET: (who) => `the ${who} hung up`,
  EPIPE: (who) => `the ${who} hung up`,
}

export const reasonOf = (error: NodeJS.ErrnoException, who: string, socketPath: string): string =>
  REASONS[error.code ?? '']?.(who, socketPath) ?? error.message

/** The kernel refuses connections to whatever else has that name, in the same words (man 2 connect). */
const isSocket = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isSocket() !== false

/** Never rejects. */
export function exchangeJson(socketPath: string, wanted: Exchange): Promise<Heard> {
  const { who, method, path, body, timeoutMs, signal } = wanted
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
        const text = Buffer.concat(chunks).toString('utf8')
        resolve({ kind: 'answered', status: incoming.statusCode ?? 0, body: parse(text) })
      })
    })
    const timer = setTimeout(() => {
      silent(`no answer within ${timeoutMs / 1000} s: the ${who} is frozen or overloaded`)
      outgoing.destroy()
    }, timeoutMs)
    signal?.addEventListener('abort', () => outgoing.destroy())
    outgoing.on('socket', (socket) => socket.once('connect', () => (connected = true)))
    outgoing.on('error', (error: NodeJS.ErrnoException) => silent(reasonOf(error, who, socketPath)))
    outgoing.end(payload)
  })
}

/** Undefined for what is no JSON. Nothing of it paints on a terminal: the words may be those of another node, or of a server. */
function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text, (_, part: unknown) =>
      typeof part === 'string' ? plainText(part) : named(part),
    )
    return value
  } catch {
    return undefined
  }
}

/** Names of fields are words, too. */
function named(part: unknown): unknown {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
  const fields = Object.entries(part)
  return fields.every(([name]) => plainText(name) === name)
    ? part
    : Object.fromEntries(fields.map(([name, value]) => [plainText(name), value]))
}
