/** `POST /v1/heartbeat-secrets` on the unix socket: root gives the coordinator of its node what joining machines are to get. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Refusal } from '@lvsm/base'
import { type KeyFile, LONGEST_SECRETS, mayAs, SECRETS, type SecretsReport } from '@lvsm/protocol'
import { refuse } from '../../../agent/process/http.ts'
import type { Caller } from '../../../agent/process/caller.ts'
import { ok, refusedWith } from '../../api/reply.ts'
import { exchange } from './exchange.ts'
import { type Gate, note, writeDown } from './gate.ts'

export type Taken = SecretsReport | { readonly refusals: readonly Refusal[] }
export type TakeSecrets = (keys: readonly KeyFile[]) => Taken

export function serveSecrets(
  gate: Gate,
  take: TakeSecrets,
  caller: Caller,
  incoming: IncomingMessage,
  response: ServerResponse,
): void {
  if (incoming.method !== SECRETS.method)
    return refuse(response, 405, { code: 'bad-method', message: `${incoming.method} is not for ${SECRETS.path}` })
  if (!mayAs(caller.role, SECRETS.role)) {
    const message = `${caller.name} is ${caller.role}, and secrets of the heartbeat are root's`
    const refusal = { code: 'not-allowed', message, hint: 'run it as root' }
    writeDown(gate, SECRETS, caller, refusedWith(403, [refusal]))
    return refuse(response, 403, refusal)
  }
  exchange(incoming, response, {
    route: SECRETS,
    longest: LONGEST_SECRETS,
    answer({ body }) {
      const taken = take(body.keys)
      return 'refusals' in taken ? refusedWith(422, taken.refusals) : ok(taken)
    },
    answered: (reply) => note(gate, SECRETS, caller, reply),
    crashed: gate.crashed,
  })
}
