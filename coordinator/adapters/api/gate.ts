/** Who may ask what, and what is written down of it: the same on every listener. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type ApiRoute,
  type AuditRecord,
  CONFIG_ROUTES,
  type ConfigRouteName,
  mayAs,
  type UserRole,
} from '@lvsm/protocol'
import { isAudited, resultOf, subjectOf } from '../../api/audit.ts'
import { type Reply, refusedWith } from '../../api/reply.ts'
import { LONGEST_BODY, LONGEST_LOOK } from '../../api/request.ts'
import type { Configuration } from '../../configuration.ts'
import type { Caller } from '../../../agent/process/caller.ts'
import { chargeOf } from './charge.ts'
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
  const { charged, timed } = chargeOf(host.tempo, name, caller)
  const { role, from } = caller
  const { route, answer } = routed(name, { configuration, host, from, role, ifMatch, signature, timed })
  let subject = ''
  const answered = (reply: Reply): void => {
    if (isAudited(route, reply.status)) writeDown({ host, wallClock }, route, caller, reply, subject)
  }
  const { role: least } = route
  const often = (): Reply | null => host.tempo.refuse(name, caller, performance.now())
  const refused = least === null || mayAs(caller.role, least) ? often() : beyond(caller, least)
  const answerTo: typeof answer = (asked) => {
    subject = subjectOf(asked.body)
    return charged(() => answer(asked))
  }
  if (!refused) return { route, answer: answerTo, charged, answered, crashed }
  writeDown({ host, wallClock }, route, caller, refused)
  return { refused }
}

const UNREAD: ReadonlySet<number> = new Set([403, 429])
/** Who asks without end for what he may not fills no log: beyond some of a minute they are one record that counts. */
export function writeDown(
  gate: Pick<Gate, 'host' | 'wallClock'>,
  route: Pick<ApiRoute, 'method' | 'path'>,
  caller: Caller,
  reply: Reply,
  subject = '',
): void {
  const { audit, tempo } = gate.host
  if (!UNREAD.has(reply.status) || tempo.mayNote(caller, performance.now())) note(gate, route, caller, reply, subject)
  else audit.more(recordOf(gate, route, caller, reply))
}

export function note(
  gate: Pick<Gate, 'host' | 'wallClock'>,
  route: Pick<ApiRoute, 'method' | 'path'>,
  caller: Pick<Caller, 'name' | 'from'>,
  reply: Reply,
  subject = '',
): void {
  const record = recordOf(gate, route, caller, reply)
  gate.host.audit.note(subject === '' ? record : { ...record, what: `${record.what} ${subject}` })
}
const recordOf = (
  { wallClock }: Pick<Gate, 'wallClock'>,
  { method, path }: Pick<ApiRoute, 'method' | 'path'>,
  { name, from }: Pick<Caller, 'name' | 'from'>,
  reply: Reply,
): AuditRecord => ({
  ...{ at: wallClock(), who: name, from, what: `${method} ${path}` },
  ...{ status: reply.status, result: resultOf(reply) },
})

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
