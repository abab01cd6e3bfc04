/** HTTP with JSON on a unix socket: what the CLI of this node talks to, by the table of routes in the protocol. */
import {
  type Command,
  type CounterName,
  type Events,
  type Fault,
  type FenceReport,
  type Outcome,
  ROUTES,
  type RouteName,
  type Status,
} from '@lvsm/protocol'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Refusal } from '@lvsm/base'
import { keepListening, type ListeningEvents } from '../../process/listening.ts'

const LONGEST_BODY = 64 * 1024
/** Each takes a descriptor, and checks of realservers need some too. */
const MOST_CONNECTIONS = 256
/** A request that is not there by then is given up: longer than this process or `lvsm` is held up on the slowest machine. */
const PATIENCE_MS = 15_000
/** An answer may take as many times that: three times as long as any takes. */
const ANSWER_PATIENCE = 4

/** Which status an HTTP client sees for what went wrong; the core knows nothing of HTTP. */
const STATUS_OF: Readonly<Record<Fault, number>> = {
  invalid: 400,
  unknown: 404,
  conflict: 409,
  unavailable: 503,
  timeout: 504,
}

export interface ControlEvents extends ListeningEvents {
  status(): Status
  events(): Events
  /** Throws what the kernel says. */
  fence(): FenceReport
  /** Answered by `reply` with the same id, once. */
  command(id: string, command: Command): void
  /** A request was refused: counted by reason. */
  count(name: CounterName): void
}
export interface Control {
  reply(id: string, outcome: Outcome): void
  close(): void
}

/** The caller holds the run directory's lock, so a socket file that is in the way is a leftover. */
export function serveControl(path: string, events: ControlEvents, patienceMs = PATIENCE_MS): Control {
  const waiting = new Map<string, ServerResponse>()
  let count = 0
  const command = (response: ServerResponse, asked: Command): void => {
    const id = `local-${++count}`
    waiting.set(id, response)
    response.on('close', () => waiting.delete(id))
    events.command(id, asked)
  }
  const limits = {
    headersTimeout: patienceMs,
    requestTimeout: patienceMs,
    connectionsCheckingInterval: patienceMs / 2,
  }
  const server = createServer(limits, (incoming, response) => serve(incoming, response, events, command))
  server.maxConnections = MOST_CONNECTIONS
  // Of a connection on which nothing moves: its answer is not read either.
  server.timeout = ANSWER_PATIENCE * patienceMs
  const listening = keepListening(server, path, events)
  return {
    reply(id, outcome) {
      const response = waiting.get(id)
      if (!response) return
      waiting.delete(id)
      if (outcome.ok) answer(response, 200, outcome.report)
      else answer(response, STATUS_OF[outcome.fault], { refusals: outcome.refusals })
    },
    close() {
      listening.close()
      server.closeAllConnections()
    },
  }
}

type Carry = (response: ServerResponse, command: Command) => void

function serve(incoming: IncomingMessage, response: ServerResponse, events: ControlEvents, carry: Carry): void {
  const name = routeOf(incoming, response)
  if (name === null) events.count('drop-request-unknown-path')
  switch (name) {
    case null:
      return
    case 'status':
      return answer(response, 200, events.status())
    case 'events':
      return answer(response, 200, events.events())
    case 'fence':
      return tellFence(response, events)
    case 'switchover':
    case 'standby':
      return readBody(incoming, response, (body) => {
        const command = commandOf(name, body)
        if ('refusals' in command) answer(response, 400, command)
        else carry(response, command)
      })
  }
}

/** Null when it was refused. */
function routeOf({ method, url }: IncomingMessage, response: ServerResponse): RouteName | null {
  const path = url?.split('?')[0] ?? ''
  const names = Object.keys(ROUTES) as RouteName[]
  const found = names.filter((name) => ROUTES[name].path === path)
  const name = found.find((one) => ROUTES[one].method === method)
  if (name !== undefined) return name
  if (found.length > 0) refuse(response, 405, { code: 'bad-method', message: `${method} is not for ${path}` })
  else {
    const hint = `known: ${names.map((one) => ROUTES[one].path).join(', ')}`
    refuse(response, 404, { code: 'unknown-path', message: `there is no ${path}`, hint })
  }
  return null
}

function commandOf(name: 'switchover' | 'standby', text: string): Command | { readonly refusals: Refusal[] } {
  const body = parse(text)
  if (body === undefined) return { refusals: [{ code: 'bad-json', message: 'the request is no JSON' }] }
  if (name === 'switchover') {
    const read = ROUTES.switchover.request.safeParse(body)
    return read.success ? { verb: name, ...read.data } : { refusals: refusalsOf(read.error.issues) }
  }
  const read = ROUTES.standby.request.safeParse(body)
  return read.success ? { verb: name, ...read.data } : { refusals: refusalsOf(read.error.issues) }
}

const refusalsOf = (
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): Refusal[] =>
  issues.map(({ path, message }) => ({
    code: 'bad-request',
    ...(path.length > 0 ? { field: path.map(String).join('.') } : {}),
    message,
  }))

/** Undefined for what is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function readBody(incoming: IncomingMessage, response: ServerResponse, done: (text: string) => void): void {
  const chunks: Buffer[] = []
  let size = 0
  incoming.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= LONGEST_BODY) chunks.push(chunk)
  })
  incoming.on('end', () => {
    if (size <= LONGEST_BODY) return done(Buffer.concat(chunks).toString('utf8'))
    refuse(response, 413, { code: 'too-long', message: `the request is longer than ${LONGEST_BODY} bytes` })
  })
}

function tellFence(response: ServerResponse, events: ControlEvents): void {
  try {
    answer(response, 200, events.fence())
  } catch (error) {
    const message = `the kernel's tables cannot be read: ${(error as Error).message}`
    refuse(response, 503, { code: 'kernel-unread', message, hint: 'try again; else: nft list ruleset' })
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}
const refuse = (response: ServerResponse, status: number, refusal: Refusal): void =>
  answer(response, status, { refusals: [refusal] })
