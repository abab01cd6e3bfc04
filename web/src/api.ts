/** The coordinator's API, below the page's own address: a proxy may have put both below a path of its own. */
import type { Refusal } from '@lvsm/base'
import { LIVE_PATH, PEOPLE_ROUTES, readConfigRefused } from '@lvsm/protocol'
import type * as z from 'zod'

type Routes = Pick<typeof PEOPLE_ROUTES, 'login' | 'session' | 'logout'>
type Answer<Name extends keyof Routes> = z.output<Routes[Name]['response']>

export type Asked<Body> =
  | { readonly kind: 'done'; readonly body: Body }
  | { readonly kind: 'refused'; readonly status: number; readonly refusal: Refusal }
  /** Nobody answered. */
  | { readonly kind: 'unreachable' }

/** Milliseconds: longer than any answer takes. */
const PATIENCE_MS = 20_000

const below = (path: string): URL => new URL(path.slice(1), document.baseURI)

export function liveUrl(): URL {
  const url = below(LIVE_PATH)
  url.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:'
  return url
}

export async function ask<Name extends keyof Routes>(name: Name, body?: object): Promise<Asked<Answer<Name>>> {
  const { method, path } = PEOPLE_ROUTES[name]
  try {
    const response = await fetch(below(path), {
      method,
      ...(body ? { body: JSON.stringify(body) } : {}),
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    const value: unknown = await response.json().catch(() => null)
    return readAnswer(name, response.status, value)
  } catch {
    return { kind: 'unreachable' }
  }
}

function readAnswer<Name extends keyof Routes>(name: Name, status: number, value: unknown): Asked<Answer<Name>> {
  // Of the very row: the compiler does not see that its schema and its type are of the same one.
  const schema: z.ZodType = PEOPLE_ROUTES[name].response
  const read = schema.safeParse(value)
  if (status === 200 && read.success) return { kind: 'done', body: read.data as Answer<Name> }
  const [refusal = STRANGE] = readConfigRefused(value)?.refusals ?? []
  // What stands between here and the coordinator says it is not there: a proxy, which knows no refusals.
  return refusal === STRANGE && status >= 502 ? { kind: 'unreachable' } : { kind: 'refused', status, refusal }
}
const STRANGE: Refusal = {
  code: 'strange-answer',
  message: 'the answer is none of a coordinator that this page knows',
  hint: 'load the page again; if that does not help, look at what stands between you and the coordinator',
}
