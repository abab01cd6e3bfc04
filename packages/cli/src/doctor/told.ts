/** What the agent of this machine tells of it: what shows over time alone, and not in what a machine is at one moment. */
import type { ToldByAgent } from '@lvsm/protocol'
import { STATUS_TIMEOUT_MS } from '../agents.ts'
import { call } from '../client.ts'

/** Null: no agent answers, or it is not said which of several is the one of this machine. */
export async function toldBy(sockets: readonly string[]): Promise<readonly ToldByAgent[] | null> {
  const [socket, ...more] = sockets
  if (socket === undefined || more.length > 0) return null
  const answer = await call(socket, { route: 'status', body: null, timeoutMs: STATUS_TIMEOUT_MS })
  if (answer.kind !== 'ok') return null
  const { node, troubles } = answer.value
  return troubles.flatMap(({ node: by, code, severity, message, evidence, hint, pastMs }) =>
    by !== node || severity === 'info' || pastMs !== undefined
      ? []
      : [
          {
            code,
            severity,
            message,
            ...(evidence === undefined ? {} : { evidence }),
            ...(hint === undefined ? {} : { hint }),
          },
        ],
  )
}
