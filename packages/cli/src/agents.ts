/** From a list of sockets to the agent that is asked: the first that suits, with quorum; else one with quorum; else the first that answers. */
import { type RouteName, type RouteResponses, ROUTES, type Status } from '@lvsm/protocol'
import { describeRefusal } from '@lvsm/base'
import { adviceFor, setUpOf } from './advice.ts'
import { type Answer, type Call, call } from './client.ts'
import { Failure } from './failure.ts'
import { isNoSocket, type Silence, unreached } from './http.ts'
import { DEFAULT_SOCKET } from './sockets.ts'

export const STATUS_TIMEOUT_MS = 3000

interface Found {
  readonly socketPath: string
  readonly status: Status
}

type Suits = (status: Status) => boolean
const ANY: Suits = () => true
/** Only directors pass orders on to other nodes. */
const isDirector: Suits = ({ node, nodes }) =>
  nodes.some(({ name, roles }) => name === node && roles.includes('director'))

/** Asks all sockets at once; a frozen one delays nobody while another with quorum, that suits, answers. */
export async function findAgent(socketPaths: readonly string[], suits = ANY): Promise<Found> {
  const silences: (Silence | undefined)[] = []
  const found: (Found | undefined)[] = []
  const enough = new AbortController()
  const ask = async (socketPath: string, index: number): Promise<Found> => {
    const wanted = { route: 'status', body: null, timeoutMs: STATUS_TIMEOUT_MS, signal: enough.signal } as const
    const answer = await call(socketPath, wanted)
    if (answer.kind !== 'ok') {
      silences[index] = { socketPath, reason: silence(answer) }
      throw new Error('silent')
    }
    const status = answer.value
    found[index] = { socketPath, status }
    if (!status.quorum || !suits(status)) throw new Error('another one, if there is one')
    return { socketPath, status }
  }
  try {
    return await Promise.any(socketPaths.map(ask))
  } catch {
    const first = found.find((one) => one?.status.quorum) ?? found.find((one) => one !== undefined)
    if (first) return first
    throw unreachable(silences.filter((one) => one !== undefined))
  } finally {
    enough.abort()
  }
}

/** Sends one request to the agent of the list that has quorum, an order to a director. Refusals and silence become a Failure. */
export async function exchange<Name extends RouteName>(
  socketPaths: readonly string[],
  wanted: Call<Name>,
): Promise<RouteResponses[Name]> {
  const [only] = socketPaths
  const suits = ROUTES[wanted.route].method === 'POST' ? isDirector : ANY
  const several = socketPaths.length !== 1 || only === undefined
  const socketPath = several ? (await findAgent(socketPaths, suits)).socketPath : only
  const answer = await call(socketPath, wanted)
  if (answer.kind === 'ok') return answer.value
  if (answer.kind === 'refused') {
    throw new Failure(
      'refused',
      answer.refusals.map((refusal) => describeRefusal(refusal)).join('\n'),
      refusedHint(answer),
      answer.refusals.map(({ code }) => code),
    )
  }
  if (answer.kind === 'strange')
    throw new Failure('unreachable', `${socketPath}: ${STRANGE[wanted.route]}`, 'is it another version? lvsm --version')
  if (answer.sent) {
    throw new Failure(
      'unreachable',
      `${socketPath}: ${answer.reason}; the request was sent and may have been carried out`,
      'look before you repeat it: lvsm status; lvsm events',
    )
  }
  throw unreachable([{ socketPath, reason: answer.reason }])
}

const refusedHint = (answer: { refusals: readonly { hint?: string }[] }): string =>
  answer.refusals.some((refusal) => refusal.hint)
    ? ''
    : 'nothing was changed; lvsm status shows the names and the state'

/** What is said of an answer that is none of its route. */
const STRANGE: Readonly<Record<RouteName, string>> = {
  status: 'its answer is no status',
  events: 'the agent answered without events',
  clusterStatus: 'its answer is no status',
  clusterEvents: 'the agent answered without events',
  recorded: 'the agent answered without what it recorded',
  fence: 'the agent answered without a fence',
  checks: 'the agent answered without checks',
  alerts: 'the agent answered without alerts',
  testAlert: 'the agent did not say what came of the test',
  runCheck: 'the agent did not say what came of the check',
  stats: 'the agent answered without statistics',
  rates: 'the agent answered without its rates',
  connections: 'the agent answered without connections',
  switchover: 'the agent did not say what moved; look: lvsm status; lvsm events',
  standby: 'the agent did not say who stands by; look: lvsm status',
}

const silence = (answer: Exclude<Answer<'status'>, { kind: 'ok' }>): string =>
  answer.kind === 'silent'
    ? answer.reason
    : answer.kind === 'refused'
      ? answer.refusals.map((refusal) => refusal.message).join('; ')
      : `${STRANGE.status}: is it another version?`

function unreachable(silences: readonly Silence[]): Failure {
  const isAbsent = silences.every(({ socketPath, reason }) => socketPath === DEFAULT_SOCKET && isNoSocket(reason))
  return unreached('an agent', silences, adviceFor(isAbsent, setUpOf()))
}
