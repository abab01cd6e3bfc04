/** Answers of the agent's socket that are more than one line: with a query, or that somebody else makes. */
import {
  type ConnectionsQuery,
  connectionsQuery,
  type CountsOutcome,
  EXPOSITION_TYPE,
  type FenceReport,
  type MetricsQuery,
  metricsQuery,
  type RateHistory,
  ratesQuery,
  type RecordedReport,
  recordedQuery,
} from '@lvsm/protocol'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Refusal } from '@lvsm/base'
import { answer, answerText, refuse } from '../../process/http.ts'

type Counts = (outcome: CountsOutcome) => void
interface Asks {
  fence(): FenceReport
  connections(wanted: ConnectionsQuery, done: Counts): void
  metrics(wanted: MetricsQuery, done: Counts): void
  rates(service?: string): RateHistory
  recorded(agoMs: number): Promise<RecordedReport>
}

export const refusalsOf = (
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): Refusal[] =>
  issues.map(({ path, message }) => ({
    code: 'bad-request',
    ...(path.length > 0 ? { field: path.map(String).join('.') } : {}),
    message,
  }))

export function tellFence(response: ServerResponse, events: Asks): void {
  try {
    answer(response, 200, events.fence())
  } catch (error) {
    const message = `the kernel's tables cannot be read: ${(error as Error).message}`
    refuse(response, 503, { code: 'kernel-unread', message, hint: 'try again; else: nft list ruleset' })
  }
}

export function tellConnections(incoming: IncomingMessage, response: ServerResponse, events: Asks): void {
  const read = connectionsQuery.safeParse(queryOf(incoming))
  if (!read.success) return answer(response, 400, { refusals: refusalsOf(read.error.issues) })
  events.connections(read.data, (outcome) => tellCounts(response, outcome))
}
export function tellRates(incoming: IncomingMessage, response: ServerResponse, events: Asks): void {
  const read = ratesQuery.safeParse(queryOf(incoming))
  if (!read.success) return answer(response, 400, { refusals: refusalsOf(read.error.issues) })
  answer(response, 200, events.rates(read.data.service))
}
export function tellCounts(response: ServerResponse, outcome: CountsOutcome): void {
  if (outcome.ok) return answerText(response, 200, outcome.text)
  answer(response, 503, { refusals: outcome.refusals })
}
const queryOf = ({ url = '' }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(new URL(url, 'http://agent').searchParams)

/** Text for Prometheus: no row of the table of routes. */
export const isMetrics = ({ method, url = '' }: IncomingMessage): boolean =>
  method === 'GET' && url.split('?', 1)[0] === '/metrics'
export function tellMetrics(incoming: IncomingMessage, response: ServerResponse, events: Asks): void {
  const read = metricsQuery.safeParse(queryOf(incoming))
  if (!read.success) return answer(response, 400, { refusals: refusalsOf(read.error.issues) })
  events.metrics(read.data, (outcome) => {
    if (outcome.ok) return answerText(response, 200, outcome.text, { 'content-type': EXPOSITION_TYPE })
    answer(response, 503, { refusals: outcome.refusals })
  })
}

export function tellRecorded(incoming: IncomingMessage, response: ServerResponse, events: Asks): void {
  const read = recordedQuery.safeParse(queryOf(incoming))
  if (!read.success) return answer(response, 400, { refusals: refusalsOf(read.error.issues) })
  void events.recorded(read.data.ago).then((report) => answer(response, 200, report))
}
