/** `GET /metrics`: for Prometheus, from whoever may look. No row of the table of routes: its answer is text. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { EXPOSITION_TYPE } from '@lvsm/protocol'
import type { ApiHost } from './route-context.ts'

export const isMetrics = ({ method, url }: IncomingMessage): boolean =>
  method === 'GET' && url?.split('?')[0] === '/metrics'

export function answerMetrics(incoming: IncomingMessage, response: ServerResponse, { metrics }: ApiHost): void {
  incoming.resume()
  const text = metrics()
  response.writeHead(200, { 'content-type': EXPOSITION_TYPE, 'content-length': Buffer.byteLength(text) })
  response.end(text)
}
