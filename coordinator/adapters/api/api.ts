/** HTTP with JSON on a unix socket: how `lvsm` sees and changes the configuration, by the table of routes in the protocol. */
import { CONFIG_ROUTES, type ConfigRouteName } from '@lvsm/protocol'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { routeOf, serveHttp } from '../../../agent/process/http.ts'
import type { ListeningEvents } from '../../../agent/process/listening.ts'
import { LONGEST_BODY } from '../../api/request.ts'
import type { Configuration, Progress } from '../../configuration.ts'
import { authorOf } from './author.ts'
import { exchange } from './exchange.ts'
import { type RouteContext, routed } from './routes.ts'

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
    const { crashed } = events
    exchange(incoming, response, { ...routed(name, context), longest: LONGEST_BODY, crashed })
  }
  return serveHttp(path, events, handle, patienceMs)
}
