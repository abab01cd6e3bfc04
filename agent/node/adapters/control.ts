/** HTTP with JSON on a unix socket: what the CLI of this node talks to, by the table of routes in the protocol. */
import {
  type AlertsReport,
  type ChecksReport,
  type ClusterAnswer,
  type Command,
  CONFIG_ROUTES,
  type ConnectionsQuery,
  type CounterName,
  type CountsOutcome,
  type Events,
  type Fault,
  type FenceReport,
  type MetricsQuery,
  type Outcome,
  type Passed,
  type RateHistory,
  type RecordedReport,
  ROUTES,
  type RouteName,
  type Status,
} from '@lvsm/protocol'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Refusal } from '@lvsm/base'
import { answer, parseJson, readBody, refuse, routeOf, serveHttp } from '../../process/http.ts'
import { type Caller, callerOf } from '../../process/caller.ts'
import type { ListeningEvents } from '../../process/listening.ts'
import type { Passing } from '../ports.ts'
import {
  isMetrics,
  refusalsOf,
  tellConnections,
  tellCounts,
  tellFence,
  tellMetrics,
  tellRates,
  tellRecorded,
} from './control-answers.ts'
import { REQUESTS } from './control-requests.ts'
import { wayBack } from '@lvsm/protocol'

const LONGEST_BODY = 64 * 1024
const LONGEST_CURSOR = 100
/** As a coordinator takes it. */
const LONGEST_PASSED_BODY = 4 << 20

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
  events(after: string | undefined): Events
  /** What the coordinators know; null: nobody answers, or this node follows none. */
  cluster(what: keyof ClusterAnswer, after?: string): Promise<ClusterAnswer | null>
  checks(): ChecksReport
  /** Of a moment so long ago. */
  recorded(agoMs: number): Promise<RecordedReport>
  alerts(): AlertsReport
  /** Throws what the kernel says. */
  fence(): FenceReport
  /** Of the last hours; `service`: of that one alone. */
  rates(service?: string): RateHistory
  /** What the kernel counts; they call back once, with the text of the report. */
  stats(done: (outcome: CountsOutcome) => void): void
  connections(wanted: ConnectionsQuery, done: (outcome: CountsOutcome) => void): void
  metrics(wanted: MetricsQuery, done: (outcome: CountsOutcome) => void): void
  /** Answered by `reply` with the same id, once. */
  command(id: string, command: Command): void
  /** A request was refused: counted by reason. */
  count(name: CounterName): void
  /** To the coordinators. Null: this node follows none. */
  readonly pass: ((asked: Passed) => Promise<Passing>) | null
}
export interface Control {
  reply(id: string, outcome: Outcome): void
  close(): void
}

/** The caller holds the run directory's lock, so a socket file that is in the way is a leftover. */
export function serveControl(path: string, events: ControlEvents, patienceMs?: number): Control {
  const waiting = new Map<string, ServerResponse>()
  let count = 0
  const command = (response: ServerResponse, asked: Command): void => {
    const id = `local-${++count}`
    waiting.set(id, response)
    response.on('close', () => waiting.delete(id))
    events.command(id, asked)
  }
  const server = serveHttp(path, events, (incoming, response) => serve(incoming, response, events, command), patienceMs)
  return {
    reply(id, outcome) {
      const response = waiting.get(id)
      if (!response) return
      waiting.delete(id)
      if (outcome.ok) answer(response, 200, outcome.report)
      else answer(response, STATUS_OF[outcome.fault], { refusals: outcome.refusals })
    },
    close: () => server.close(),
  }
}

const forRoot = ({ name, role }: Caller): Refusal => ({
  code: 'not-allowed',
  message: `${name} is ${role}, and this is for admins`,
  hint: 'run it as root',
})

type Carry = (response: ServerResponse, command: Command) => void

function serve(incoming: IncomingMessage, response: ServerResponse, events: ControlEvents, carry: Carry): void {
  if (isMetrics(incoming)) return tellMetrics(incoming, response, events)
  if (isPassed(incoming)) return pass(incoming, response, events.pass)
  const name = routeOf<RouteName>(ROUTES, incoming, response)
  if (name === null) events.count('drop-request-unknown-path')
  else if (ROUTES[name].method === 'POST') {
    const caller = callerOf(incoming.socket)
    if (caller.role !== 'admin') return refuse(response, 403, forRoot(caller))
  }
  switch (name) {
    case null:
      return
    case 'status':
      return answer(response, 200, events.status())
    case 'events':
      return answer(response, 200, events.events(afterOf(incoming)))
    case 'clusterStatus':
      return tellCluster(response, events, 'status')
    case 'clusterEvents':
      return tellCluster(response, events, 'events', afterOf(incoming))
    case 'fence':
      return tellFence(response, events)
    case 'recorded':
      return tellRecorded(incoming, response, events)
    case 'checks':
      return answer(response, 200, events.checks())
    case 'alerts':
      return answer(response, 200, events.alerts())
    case 'stats':
      return events.stats((outcome) => tellCounts(response, outcome))
    case 'rates':
      return tellRates(incoming, response, events)
    case 'connections':
      return tellConnections(incoming, response, events)
    case 'switchover':
    case 'standby':
    case 'runCheck':
    case 'testAlert':
      return readBody(incoming, response, LONGEST_BODY, (body) => {
        const command = commandOf(name, body)
        if ('refusals' in command) answer(response, 400, command)
        else carry(response, command)
      })
  }
}

const rowsOf = (table: typeof ROUTES | typeof CONFIG_ROUTES): ReadonlySet<string> =>
  new Set(Object.values(table).map(({ method, path }) => `${method} ${path}`))
const [PASSED, OWN] = [rowsOf(CONFIG_ROUTES), rowsOf(ROUTES)]
/** A row of the coordinators' table that this one has not: what the agent can say itself it does. */
function isPassed({ method, url = '' }: IncomingMessage): boolean {
  const row = `${method} ${url.split('?', 1)[0]}`
  return PASSED.has(row) && !OWN.has(row)
}

function pass(incoming: IncomingMessage, response: ServerResponse, on: ControlEvents['pass']): void {
  if (!on) return refuse(response, 503, NO_COORDINATORS)
  const { name, role } = callerOf(incoming.socket)
  const { method, url = '', headers } = incoming
  const ifMatch = headers['if-match'] === undefined ? {} : { ifMatch: headers['if-match'] }
  readBody(incoming, response, LONGEST_PASSED_BODY, (body) => {
    const asked = { kind: 'asked', method: method === 'GET' ? 'GET' : 'POST', path: url, body, ...ifMatch } as const
    void on({ ...asked, user: { name, role } }).then((back) => {
      if (back.kind === 'answered') {
        const { status, etag, body: text } = back
        const head = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
        return response.writeHead(status, etag === undefined ? head : { ...head, etag }).end(text)
      }
      // Whoever hears nothing knows that it may have been done.
      if (back.sent) return response.destroy()
      return refuse(response, 503, {
        code: 'no-coordinator',
        message: `no coordinator is reached: ${back.reason}`,
        hint: wayBack(back.reason),
      })
    })
  })
}
const NO_COORDINATORS: Refusal = {
  code: 'no-coordinators',
  message: 'this node has its configuration from a file, and follows no coordinators',
  hint: 'change that file; lvsm init begins a cluster that has them',
}

function commandOf(name: Command['verb'], text: string): Command | { readonly refusals: Refusal[] } {
  const body = parseJson(text)
  if (body === undefined) return { refusals: [{ code: 'bad-json', message: 'the request is no JSON' }] }
  const read = REQUESTS[name](body)
  return read.success ? read.data : { refusals: refusalsOf(read.error.issues) }
}

/** A cursor of an answer before. */
const afterOf = ({ url = '' }: IncomingMessage): string | undefined =>
  new URL(url, 'http://agent').searchParams.get('after')?.slice(0, LONGEST_CURSOR) ?? undefined

function tellCluster(response: ServerResponse, events: ControlEvents, what: keyof ClusterAnswer, after?: string): void {
  void events.cluster(what, after).then((known) => {
    const told = known?.[what]
    if (told) return answer(response, 200, told)
    const hint = 'lvsm status here says what this node knows'
    if (known)
      return refuse(response, 503, { code: 'nothing-known', message: 'the coordinator knows nothing yet', hint })
    const message = 'no coordinator answers that this node follows'
    refuse(response, 503, { code: 'no-coordinator', message, hint })
  })
}
