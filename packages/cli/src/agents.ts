/** From a list of sockets to the agent that is asked: the first with quorum, else the first that answers at all. */
import { describeRefusal } from '@lvsm/base'
import type { Status } from '@lvsm/model'
import { type Answer, type Call, call } from './client.ts'
import { Failure } from './exits.ts'

export const STATUS_TIMEOUT_MS = 3000

interface Found {
  readonly socketPath: string
  readonly status: Status
}

/** Asks all sockets at once; a frozen one delays nobody while another with quorum answers. */
export async function findAgent(socketPaths: readonly string[]): Promise<Found> {
  const silences: string[] = []
  const found: (Found | undefined)[] = []
  const enough = new AbortController()
  const ask = async (socketPath: string, index: number): Promise<Found> => {
    const answer = await call(socketPath, {
      method: 'GET',
      path: '/v1/status',
      timeoutMs: STATUS_TIMEOUT_MS,
      signal: enough.signal,
    })
    const status = answer.kind === 'ok' ? asStatus(answer.value) : undefined
    if (status === undefined) {
      silences[index] = `  ${socketPath}: ${silence(answer)}`
      throw new Error('silent')
    }
    found[index] = { socketPath, status }
    if (!status.quorum) throw new Error('no quorum')
    return { socketPath, status }
  }
  try {
    return await Promise.any(socketPaths.map(ask))
  } catch {
    const first = found.find((one) => one !== undefined)
    if (first) return first
    throw unreachable(silences.filter((line) => line !== undefined))
  } finally {
    enough.abort()
  }
}

/** Sends one request to the agent of the list that has quorum. Refusals and silence become a Failure. */
export async function exchange(socketPaths: readonly string[], wanted: Call): Promise<unknown> {
  const [only] = socketPaths
  const socketPath = socketPaths.length === 1 && only !== undefined ? only : (await findAgent(socketPaths)).socketPath
  const answer = await call(socketPath, wanted)
  if (answer.kind === 'ok') return answer.value
  if (answer.kind === 'refused') {
    throw new Failure(
      'refused',
      answer.refusals.map((refusal) => describeRefusal(refusal)).join('\n'),
      refusedHint(answer),
    )
  }
  if (answer.sent) {
    throw new Failure(
      'unreachable',
      `${socketPath}: ${answer.reason}; the request was sent and may have been carried out`,
      'look before you repeat it: lvsm status; lvsm events',
    )
  }
  throw unreachable([`  ${socketPath}: ${answer.reason}`])
}

const refusedHint = (answer: { refusals: readonly { hint?: string }[] }): string =>
  answer.refusals.some((refusal) => refusal.hint)
    ? ''
    : 'nothing was changed; lvsm status shows the names and the state'

const silence = (answer: Answer): string =>
  answer.kind === 'silent'
    ? answer.reason
    : answer.kind === 'refused'
      ? answer.refusals.map((refusal) => refusal.message).join('; ')
      : 'its answer is no status: is it another version?'

const unreachable = (lines: readonly string[]): Failure =>
  new Failure(
    'unreachable',
    `cannot reach an agent; tried:\n${lines.join('\n')}`,
    'start it (lvsm-agent --config FILE), or name another with --node NAME, --socket PATH or LVSM_SOCKET=PATH[:PATH…]',
  )

/** The agent is ours and of the same version: a look at the frame is enough. */
function asStatus(value: unknown): Status | undefined {
  const status = value as Partial<Status> | null
  const whole = [status?.groups, status?.services, status?.nodes, status?.troubles].every(Array.isArray)
  return whole ? (status as Status) : undefined
}
