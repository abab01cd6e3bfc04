/**
 * HTTP with JSON on a unix socket, as both daemons serve it: who never ends a request, or never reads an answer, is given up,
 * and no body is longer than it may be. Which routes there are, and what they answer, is for the caller.
 */
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http'
import type { Refusal } from '@lvsm/base'
import { keepListening, type ListeningEvents } from './listening.ts'

/** Each takes a descriptor, and checks of realservers need some too. */
const MOST_CONNECTIONS = 256
/** A request that is not there by then is given up: longer than this process or `lvsm` is held up on the slowest machine. */
const PATIENCE_MS = 15_000
/** An answer may take as many times that: three times as long as any takes. */
const ANSWER_PATIENCE = 4

export type HttpHandler = (incoming: IncomingMessage, response: ServerResponse) => void

/** The caller holds the run directory's lock, so a socket file that is in the way is a leftover. */
export function serveHttp(
  path: string,
  events: ListeningEvents,
  handle: HttpHandler,
  patienceMs = PATIENCE_MS,
): { close(): void } {
  const limits = {
    headersTimeout: patienceMs,
    requestTimeout: patienceMs,
    connectionsCheckingInterval: patienceMs / 2,
  }
  const server = createServer(limits, handle)
  server.maxConnections = MOST_CONNECTIONS
  // Of a connection on which nothing moves: its answer is not read either.
  server.timeout = ANSWER_PATIENCE * patienceMs
  const listening = keepListening(server, path, events)
  return {
    close() {
      listening.close()
      server.closeAllConnections()
    },
  }
}

interface RouteHead {
  readonly method: string
  readonly path: string
}
/** The row of a table of routes that a request is for; null when there is none, and the request was refused. */
export function routeOf<Name extends string>(
  routes: Readonly<Record<Name, RouteHead>>,
  { method, url }: IncomingMessage,
  response: ServerResponse,
): Name | null {
  const path = url?.split('?')[0] ?? ''
  const names = Object.keys(routes) as Name[]
  const found = names.filter((name) => routes[name].path === path)
  const name = found.find((one) => routes[one].method === method)
  if (name !== undefined) return name
  if (found.length > 0) refuse(response, 405, { code: 'bad-method', message: `${method} is not for ${path}` })
  else {
    const hint = `known: ${names.map((one) => routes[one].path).join(', ')}`
    refuse(response, 404, { code: 'unknown-path', message: `there is no ${path}`, hint })
  }
  return null
}

/** So much more than it may have is read before the connection ends: who sends it hears why not. */
const SLACK = 1 << 20

/** `done` is called once, when all of it is there; a longer one is refused. Never, where the client went away before. */
export function readBody(
  incoming: IncomingMessage,
  response: ServerResponse,
  longest: number,
  done: (text: string) => void,
): void {
  const chunks: Buffer[] = []
  let size = 0
  incoming.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= longest) chunks.push(chunk)
    if (size > 2 * longest + SLACK) incoming.destroy()
  })
  incoming.on('end', () => {
    if (size <= longest) return done(Buffer.concat(chunks).toString('utf8'))
    refuse(response, 413, { code: 'too-long', message: `the request is longer than ${longest} bytes` })
  })
}

/** Undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const answer = (
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: OutgoingHttpHeaders = {},
): void => answerText(response, status, `${JSON.stringify(body)}\n`, headers)
/** JSON that is text already. */
export function answerText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: OutgoingHttpHeaders = {},
): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  })
  response.end(text)
}
export const refuse = (response: ServerResponse, status: number, refusal: Refusal): void =>
  answer(response, status, { refusals: [refusal] })
