/** HTTP with JSON on a unix socket: how `lvsm` sees and changes the configuration, by the table of routes in the protocol. */
import { CONFIG_ROUTES, type ConfigRouteName } from '@lvsm/protocol'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { answer, readBody, refuse, routeOf, serveHttp } from '../../../agent/process/http.ts'
import type { ListeningEvents } from '../../../agent/process/listening.ts'
import type { Reply } from '../../api/reply.ts'
import { type Asked, LONGEST_BODY, readRequest } from '../../api/request.ts'
import type { Configuration, Progress } from '../../configuration.ts'
import { ROUTE_ANSWERS, type RouteContext } from './routes.ts'
import { authorOf } from './author.ts'

export interface ApiOptions {
  /** The caller holds the run directory's lock, so a socket file that is in the way is a leftover. */
  readonly path: string
  readonly configuration: Configuration
  /** Nobody's where no agents follow. */
  readonly progress?: Progress
  /** Milliseconds of the wall clock: what a change is signed with. */
  readonly wallClock: () => number
  readonly events: ListeningEvents & {
    /** It threw: a fault of this program. The client is told so. */
    crashed(error: unknown): void
  }
  readonly patienceMs?: number
}

export function serveApi({
  path,
  configuration,
  progress = () => new Map(),
  wallClock,
  events,
  patienceMs,
}: ApiOptions): { close(): void } {
  const handle = (incoming: IncomingMessage, response: ServerResponse): void => {
    const name = routeOf<ConfigRouteName>(CONFIG_ROUTES, incoming, response)
    if (name === null) return
    const context: RouteContext = {
      configuration,
      progress,
      ifMatch: incoming.headers['if-match'],
      signature: () => ({ author: authorOf(incoming.socket), at: wallClock() }),
    }
    readBody(incoming, response, LONGEST_BODY, (text) => {
      serve(name, queryOf(incoming), text, context).then(
        (reply) => send(response, reply),
        (error: unknown) => {
          events.crashed(error)
          const mayBeDone = CONFIG_ROUTES[name].method === 'POST' ? '; a change may have been made' : ''
          refuse(response, 500, {
            code: 'bug',
            message: `a fault of the coordinator itself${mayBeDone}`,
            hint: 'its log has more',
          })
        },
      )
    })
  }
  return serveHttp(path, events, handle, patienceMs)
}

async function serve<Name extends ConfigRouteName>(
  name: Name,
  query: readonly (readonly [string, string])[],
  text: string,
  context: RouteContext,
): Promise<Reply> {
  const read = readRequest(name, query, text)
  if (!read.ok) return read.reply
  const asked: Asked<Name> = read.asked
  return ROUTE_ANSWERS[name](asked, context)
}

/** What a URL cannot be made of has no words. */
function queryOf({ url }: IncomingMessage): [string, string][] {
  const [, words = ''] = /\?(.*)$/s.exec(url ?? '') ?? []
  return [...new URLSearchParams(words)]
}

function send(response: ServerResponse, { status, body, revision }: Reply): void {
  answer(response, status, body, revision === undefined ? {} : { etag: `"${revision}"` })
}
