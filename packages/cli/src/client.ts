/** One exchange with an agent, by the table of its routes. */
import {
  ROUTES,
  type RouteName,
  type RouteRequests,
  type RouteResponses,
  readRefusals,
  readResponse,
} from '@lvsm/protocol'
import type { Refusal } from '@lvsm/base'
import { exchangeJson } from './http.ts'

export interface Call<Name extends RouteName> {
  readonly route: Name
  readonly body: RouteRequests[Name]
  /** Behind the path, with its question mark. */
  readonly query?: string
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

/** Never rejects. */
export async function call<Name extends RouteName>(
  socketPath: string,
  { route, body, query = '', timeoutMs, signal }: Call<Name>,
): Promise<Answer<Name>> {
  const { method, path } = ROUTES[route]
  const heard = await exchangeJson(socketPath, { who: 'agent', method, path: path + query, body, timeoutMs, signal })
  return heard.kind === 'silent' ? heard : understand(route, heard.status, heard.body)
}

function understand<Name extends RouteName>(route: Name, statusCode: number, body: unknown): Answer<Name> {
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
