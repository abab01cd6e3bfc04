/**
 * The port for people: HTTPS with the table of routes of the unix socket, for whoever shows that he is a user, and the few routes
 * that anybody may ask.
 */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Server } from 'node:https'
import type { Duplex } from 'node:stream'
import type { Refusal, Trouble } from '@lvsm/base'
import {
  type ApiRoute,
  type AskedOf,
  CONFIG_ROUTES,
  type CounterName,
  type ConfigRouteName,
  LIVE_PATH,
  PEOPLE_ROUTES,
  type PeopleRouteName,
} from '@lvsm/protocol'
import { routeOf } from '../../../../agent/process/http.ts'
import { type Endpoint, TlsPort } from '../../../../agent/process/tls-port.ts'
import type { Reply } from '../../../api/reply.ts'
import { exchange, send } from '../exchange.ts'
import { type Gate, note, serveRoute } from '../gate.ts'
import { answerMetrics, isMetrics } from '../metrics.ts'
import { Access, addressOf, type Known } from './access.ts'
import { type Guest, type Hosting, peopleAnswers } from './answers.ts'
import { type ConsoleFiles, serveConsole } from './console.ts'
import { Live, type LiveSetting } from './live.ts'
import { isDue, makeServerCertificate, type ServerNames } from './certificate.ts'

export interface PeopleSetting extends Hosting {
  readonly listen: readonly Endpoint[]
  readonly names: ServerNames
  readonly console: ConsoleFiles
  readonly limits?: Partial<Limits>
  readonly told: {
    say(text: string): void
    trouble(about: string, trouble: Trouble | null): void
    count(counter: CounterName): void
  }
  /** Monotonic milliseconds. */
  readonly clock?: () => number
  /** How a certificate is made anew; not there: by the authority's key. */
  readonly renew?: typeof makeServerCertificate
}
interface Limits {
  /** Milliseconds. */
  readonly patienceMs: { readonly handshake: number; readonly header: number; readonly request: number }
  /** Connections: of all, and of one address. */
  readonly waiting: readonly [all: number, one: number]
  readonly open: readonly [all: number, one: number]
  /** How often it is looked whether the certificate has to be made anew. */
  readonly lookMs: number
  readonly live: NonNullable<LiveSetting['limits']>
}
const LIMITS: Limits = {
  patienceMs: { handshake: 5000, header: 5000, request: 15_000 },
  waiting: [64, 16],
  open: [512, 64],
  lookMs: 60_000,
  live: {},
}
/** An answer that is not read is given up: longer than any takes. Milliseconds. */
const ANSWER_MS = 60_000
/** Bytes of a body of whoever is not known yet. */
const LONGEST_OF_STRANGERS = 64 * 1024

export type OpenedPeople =
  | { readonly ok: true; readonly endpoints: readonly Endpoint[]; close(): Promise<void> }
  | { readonly ok: false; readonly refusal: Refusal }

export async function openPeople(setting: PeopleSetting): Promise<OpenedPeople> {
  const { authority, names, wallClock, listen, told } = setting
  const limits = { ...LIMITS, ...setting.limits }
  const access = new Access(setting, setting.clock ?? (() => performance.now()), (how) => told.count(`login-${how}`))
  const { configuration, host } = setting
  const live = new Live({ configuration, host, isStill: (known) => access.isStill(known), limits: limits.live })
  let own = await makeServerCertificate(authority, names, wallClock())
  const port = new TlsPort({
    ...limits,
    tls: { key: own.key, cert: own.cert, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] },
    events: {
      crowded(address) {
        told.count('drop-visitor-crowded')
        told.trouble('people-crowded', crowded(address))
      },
      noTls(_, socket) {
        told.count('drop-visitor-tls')
        socket.destroy()
      },
      failed: (error) => told.trouble('people-port', failed(error)),
    },
    serve: (server) => serve(server, setting, { access, live }),
  })
  const refusal = await port.listen(listen)
  if (refusal) return { ok: false, refusal }
  let renewing = false
  const renew = async (): Promise<void> => {
    if (renewing || !isDue(own.life, wallClock())) return
    renewing = true
    try {
      own = await (setting.renew ?? makeServerCertificate)(authority, names, wallClock())
    } catch (error) {
      return told.trouble('people-certificate', expiring(own.life.notAfter, error as Error))
    } finally {
      renewing = false
    }
    told.trouble('people-certificate', null)
    port.renew({ key: own.key, cert: own.cert, minVersion: 'TLSv1.2' })
    told.say(`the certificate for people is valid until ${own.life.notAfter.toISOString()} now`)
  }
  const timer = setInterval(() => void renew().catch(setting.crashed), limits.lookMs)
  const close = (): Promise<void> => {
    clearInterval(timer)
    live.close()
    return port.close()
  }
  return { ok: true, endpoints: port.endpoints, close }
}

const ROUTES: Readonly<Record<ConfigRouteName | PeopleRouteName, ApiRoute>> = { ...CONFIG_ROUTES, ...PEOPLE_ROUTES }
const isPeopleRoute = (name: string): name is PeopleRouteName => Object.hasOwn(PEOPLE_ROUTES, name)

interface Inside {
  readonly access: Access
  readonly live: Live
}

/** Nothing of it is kept by whoever is in between, or shown inside of another page. */
const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const

function serve(server: Server, setting: PeopleSetting, { access, live }: Inside): void {
  const gate: Gate = setting
  const answers = peopleAnswers(setting, access)
  const answerPeople = (
    name: PeopleRouteName,
    known: Known | null,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): void => {
    const from = addressOf(incoming)
    const route: ApiRoute = ROUTES[name]
    // Of the very row: what was asked was read by its schemas.
    const answer = answers[name] as (asked: AskedOf<ApiRoute>, guest: Guest) => Reply | Promise<Reply>
    let who = known?.caller.name ?? 'nobody'
    exchange<ApiRoute>(incoming, response, {
      route,
      longest: LONGEST_OF_STRANGERS,
      answer: (asked) => {
        who = known ? who : claimOf(asked.body)
        return answer(asked, { address: from, incoming, known })
      },
      answered: (reply) => {
        if (NOTED[name]?.includes(reply.status)) note(setting, route, { name: who, from }, reply)
      },
      crashed: setting.crashed,
    })
  }
  server.timeout = ANSWER_MS
  server.on('clientError', (_, socket) => {
    setting.told.count('drop-visitor-malformed')
    end(socket, '400 Bad Request')
  })
  server.on('upgrade', (incoming, socket, head) => {
    socket.on('error', () => socket.destroy())
    if (incoming.url !== LIVE_PATH) return end(socket, '404 Not Found')
    const known = access.identify(incoming)
    if ('reply' in known) return end(socket, `${known.reply.status} ${STATUS_CODES[known.reply.status] ?? ''}`)
    if (live.isFull) return end(socket, '503 Service Unavailable')
    live.open(incoming, socket, head, known)
  })
  server.on('request', (incoming: IncomingMessage, response: ServerResponse) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    if (serveConsole(setting.console, incoming, response)) return
    if (isMetrics(incoming)) return serveMetrics(setting, access, incoming, response)
    const name = routeOf<ConfigRouteName | PeopleRouteName>(ROUTES, incoming, response)
    if (name === null) return
    const known = ROUTES[name].role === null ? null : access.identify(incoming)
    // Before a byte of the body is read.
    if (known && 'reply' in known) return send(response, known.reply)
    if (isPeopleRoute(name)) return answerPeople(name, known, incoming, response)
    if (known) serveRoute(gate, name, known.caller, incoming, response)
  })
}

function serveMetrics({ host }: Gate, access: Access, incoming: IncomingMessage, response: ServerResponse): void {
  const known = access.identify(incoming)
  if ('reply' in known) send(response, known.reply)
  else answerMetrics(incoming, response, host)
}

/** Statuses that are written down: what strangers can be answered without end is not among them. Previews change nothing. */
const NOTED: Readonly<Partial<Record<PeopleRouteName, readonly number[]>>> = {
  join: [200, 202, 403, 409, 422],
  login: [200, 401],
  logout: [200],
}
/** What they say of themselves. */
function claimOf(body: unknown): string {
  const { user, name }: { user?: unknown; name?: unknown } = typeof body === 'object' && body !== null ? body : {}
  return String(user ?? name ?? 'nobody')
}

function end(socket: Duplex, answer: string): void {
  if (!socket.writable) socket.destroy()
  else socket.end(`HTTP/1.1 ${answer}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy())
}

const SHOWN_MS = 600_000
const crowded = (address: string | undefined): Trouble => ({
  code: 'crowded',
  severity: 'warning',
  message: `${address ?? 'somebody'} opens more connections to the port for people than any client does`,
  hint: 'look who that is; connections of others are taken',
  leftMs: SHOWN_MS,
})
const expiring = (notAfter: Date, { message }: Error): Trouble => ({
  code: 'people-certificate',
  severity: 'warning',
  message: `the certificate of the port for people ends at ${notAfter.toISOString()}, and cannot be made anew: ${message}`,
  hint: 'it is tried each minute; restart lvsm-coordinator; where it cannot make one either: authority.key of another coordinator',
})
const failed = (error: Error): Trouble => ({
  code: 'port-failed',
  severity: 'critical',
  message: `the port for people failed: ${error.message}`,
  hint: 'look at the log, and restart lvsm-coordinator',
})
