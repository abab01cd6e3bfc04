/** Who may ask what, and what is written down of it: the same on every listener. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ApiRoute, type ConfigRouteName, mayAs, type UserRole } from '@lvsm/protocol'
import { isAudited, resultOf } from '../../api/audit.ts'
import { type Reply, refusedWith } from '../../api/reply.ts'
import { LONGEST_BODY } from '../../api/request.ts'
import type { Configuration } from '../../configuration.ts'
import type { Caller } from './author.ts'
import { exchange, send } from './exchange.ts'
import type { ApiHost } from './route-context.ts'
import { routed } from './routes.ts'

export interface Gate {
  readonly configuration: Configuration
  readonly host: ApiHost
  /** Milliseconds of the wall clock: what a change is signed with. */
  readonly wallClock: () => number
  crashed(error: unknown): void
}

/** A row of the configuration's table, asked by somebody who is known. */
export function serveRoute(
  { configuration, host, wallClock, crashed }: Gate,
  name: ConfigRouteName,
  caller: Caller,
  incoming: IncomingMessage,
  response: ServerResponse,
): void {
  const context = {
    configuration,
    host,
    ifMatch: incoming.headers['if-match'],
    signature: () => ({ author: caller.name, at: wallClock() }),
  }
  const { route, answer } = routed(name, context)
  const answered = (reply: Reply): void => {
    if (isAudited(route, reply.status)) note({ host, wallClock }, route, caller, reply)
  }
  if (route.role !== null && !mayAs(caller.role, route.role)) {
    const reply = beyond(caller, route.role)
    answered(reply)
    return send(response, reply)
  }
  exchange(incoming, response, { route, longest: LONGEST_BODY, answer, answered, crashed })
}

export function note(
  { host, wallClock }: Pick<Gate, 'host' | 'wallClock'>,
  { method, path }: ApiRoute,
  { name, from }: Pick<Caller, 'name' | 'from'>,
  reply: Reply,
): void {
  const { status } = reply
  host.audit.note({ at: wallClock(), who: name, from, what: `${method} ${path}`, status, result: resultOf(reply) })
}

const beyond = ({ name, role, from }: Caller, least: UserRole): Reply =>
  refusedWith(403, [
    {
      code: 'not-allowed',
      message: `${name} is ${role}, and this is for ${least}s`,
      hint: from === 'socket' ? 'run it as root' : 'ask an administrator: lvsm user set NAME --role ROLE',
    },
  ])
