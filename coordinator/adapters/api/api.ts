/** HTTP with JSON on a unix socket: how `lvsm` sees and changes the configuration, by the table of routes in the protocol. */
import { BACKUP, CONFIG_ROUTES, type ConfigRouteName, SECRETS } from '@lvsm/protocol'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { routeOf, serveHttp } from '../../../agent/process/http.ts'
import type { ListeningEvents } from '../../../agent/process/listening.ts'
import { Backups, type MadeBackup } from './backup.ts'
import { callerOf } from '../../../agent/process/caller.ts'
import { type Gate, serveRoute } from './gate.ts'
import { answerMetrics, isMetrics } from './metrics.ts'
import { serveSecrets, type TakeSecrets } from './secrets.ts'

export interface ApiOptions extends Omit<Gate, 'crashed'> {
  /** The caller holds the run directory's lock, so a socket file that is in the way is a leftover. */
  readonly path: string
  readonly events: ListeningEvents & {
    /** It threw: a fault of this program. The client is told so. */
    crashed(error: unknown): void
  }
  readonly backup: () => Promise<MadeBackup>
  readonly takeSecrets: TakeSecrets
  readonly patienceMs?: number
}

export function serveApi({ path, events, patienceMs, backup, takeSecrets, ...gate }: ApiOptions): { close(): void } {
  const backups = new Backups({ ...gate, backup, crashed: events.crashed })
  const handle = (incoming: IncomingMessage, response: ServerResponse): void => {
    if (incoming.url === BACKUP.path) return backups.serve(callerOf(incoming.socket), incoming, response)
    if (incoming.url === SECRETS.path)
      return serveSecrets(
        { ...gate, crashed: events.crashed },
        takeSecrets,
        callerOf(incoming.socket),
        incoming,
        response,
      )
    if (isMetrics(incoming)) return answerMetrics(incoming, response, gate.host)
    const name = routeOf<ConfigRouteName>(CONFIG_ROUTES, incoming, response)
    if (name !== null)
      serveRoute({ ...gate, crashed: events.crashed }, name, callerOf(incoming.socket), incoming, response)
  }
  return serveHttp(path, events, handle, patienceMs)
}
