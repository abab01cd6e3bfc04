/** Who may ask what, and what is written down of it: the same on every listener. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ApiRoute, CONFIG_ROUTES, type ConfigRouteName, mayAs, type UserRole } from '@lvsm/protocol'
import { isAudited, resultOf } from '../../api/audit.ts'
import { type Reply, refusedWith } from '../../api/reply.ts'
import { LONGEST_BODY, LONGEST_LOOK } from '../../api/request.ts'
import type { Configuration } from '../../configuration.ts'
import type { Caller } from '../../../agent/process/caller.ts'
import { type Exchange, exchange, replyTo, send } from './exchange.ts'
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
  gate: Gate,
  name: ConfigRouteName,
  caller: Caller,
  incoming: IncomingMessage,
  response: ServerResponse,
): void {
  const job = jobOf(gate, name, caller, incoming.headers['if-match'])
  if ('refused' in job) return send(response, job.refused)
  exchange(incoming, response, { ...job, longest: longestOf(caller) })
}

/** A request that came otherwise than by HTTP. */
export interface Request {
  /** With the words behind the path. */
  readonly url: string
  readonly text: string
  readonly ifMatch: string | undefined
}
/** Never rejects. */
export async function askRoute(gate: Gate, name: ConfigRouteName, caller: Caller, request: Request): Promise<Reply> {
  const job = jobOf(gate, name, caller, request.ifMatch)
  if ('refused' in job) return job.refused
  return Buffer.byteLength(request.text) > longestOf(caller) ? TOO_LONG : replyTo(request.url, request.text, job)
}
/** Bytes of a body. */
const longestOf = ({ role }: Caller): number => (mayAs(role, CONFIG_ROUTES.change.role) ? LONGEST_BODY : LONGEST_LOOK)
const TOO_LONG = refusedWith(413, [
  {
    code: 'too-long',
    message: `a request of whoever may change nothing has ${LONGEST_LOOK} bytes at most`,
    hint: 'ask as an administrator',
  },
])

function jobOf(
  { configuration, host, wallClock, crashed }: Gate,
  name: ConfigRouteName,
  caller: Caller,
  ifMatch: string | undefined,
): Omit<Exchange<ApiRoute>, 'longest'> | { readonly refused: Reply } {
  const signature = () => ({ author: caller.name, at: wallClock() })
  const timed = <Value>(work: () => Value): Value => {
    const began = performance.now()
    const value = work()
    host.tempo.spent(caller, performance.now() - began, performance.now())
    return value
  }
  const { role, from } = caller
  const { route, answer } = routed(name, { configuration, host, from, role, ifMatch, signature, timed })
  const answered = (reply: Reply): void => {
    if (isAudited(route, reply.status)) note({ host, wallClock }, route, caller, reply)
  }
  const { role: least } = route
  const often = (): Reply | null => host.tempo.refuse(name, caller, performance.now())
  const refused = least === null || mayAs(caller.role, least) ? often() : beyond(caller, least)
  if (!refused) return { route, answer, answered, crashed }
  // Who asks without end fills no log.
  if (host.tempo.mayNote(caller, performance.now())) answered(refused)
  return { refused }
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

const WAYS: readonly (readonly [from: RegExp, hint: string])[] = [
  [/^socket$/, 'run it as root, or log in to the port for people as a user who may'],
  [/^node /, 'run it as root on a director, or log in to the port for people as a user who may'],
]
const beyond = ({ name, role, from }: Caller, least: UserRole): Reply =>
  refusedWith(403, [
    {
      code: 'not-allowed',
      message: `${name} is ${role}, and this is for ${least}s`,
      hint: WAYS.find(([way]) => way.test(from))?.[1] ?? 'ask an administrator: lvsm user set NAME --role ROLE',
    },
  ])
