/** `GET /metrics`: for Prometheus, from whoever may look. No row of the table of routes: its answer is text. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { EXPOSITION_TYPE, metricsQuery } from '@lvsm/protocol'
import type { ApiHost } from './route-context.ts'

/** Node_exporter's names are of what a kernel counts: nodes alone have them. */
const WANTED = metricsQuery.omit({ exporter: true })

export const isMetrics = ({ method, url }: IncomingMessage): boolean =>
  method === 'GET' && url?.split('?')[0] === '/metrics'

export function answerMetrics(incoming: IncomingMessage, response: ServerResponse, { metrics }: ApiHost): void {
  incoming.resume()
  const query = new URL(incoming.url ?? '', 'http://coordinator').searchParams
  const wanted = WANTED.safeParse(Object.fromEntries(query)).data
  const text = wanted ? metrics(wanted) : 'realservers is yes or no\n'
  const type = wanted ? EXPOSITION_TYPE : 'text/plain; charset=utf-8'
  response.writeHead(wanted ? 200 : 400, { 'content-type': type, 'content-length': Buffer.byteLength(text) })
  response.end(text)
}
