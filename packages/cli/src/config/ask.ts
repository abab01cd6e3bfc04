/** One question to a coordinator: the first of the list that is there. Refusals and silence become a Failure. */
import { lineText } from '@lvsm/changes'
import { describeRefusal } from '@lvsm/base'
import {
  CONFIG_ROUTES,
  type ConfigRefused,
  type ConfigRequestBody,
  type ConfigResponse,
  type ConfigRouteName,
  isChange,
  readConfigRefused,
  readConfigResponse,
} from '@lvsm/protocol'
import { Failure } from '../failure.ts'
import { adviceFor, setUpOf } from '../advice.ts'
import { exchangeJson, type Heard, isNoSocket, type Silence, unreached } from '../http.ts'
import { DEFAULT_COORDINATOR_SOCKET, DEFAULT_SOCKET } from '../sockets.ts'

/** A coordinator answers within seconds, also that it cannot. */
const TIMEOUT_MS = 20_000
const LOOK = 'look before you repeat it: lvsm config history; lvsm intents'

export interface Question<Name extends ConfigRouteName> {
  readonly route: Name
  /** Words behind the path; those that are undefined are not said. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body: ConfigRequestBody<Name>
}
export type Told<Name extends ConfigRouteName> =
  | { readonly kind: 'ok'; readonly value: ConfigResponse<Name> }
  | { readonly kind: 'refused'; readonly status: number; readonly refused: ConfigRefused }

/** What a coordinator refused is told: the caller may know what to do about it. */
export async function tryAsk<Name extends ConfigRouteName>(
  paths: readonly string[],
  { route, query = {}, body }: Question<Name>,
  timeoutMs = TIMEOUT_MS,
): Promise<Told<Name>> {
  const { method, path } = CONFIG_ROUTES[route]
  const words = Object.entries(query).flatMap(([word, value]) =>
    value === undefined ? [] : [[word, String(value)] as const],
  )
  const url = words.length === 0 ? path : `${path}?${new URLSearchParams(Object.fromEntries(words)).toString()}`
  const changes = isChange({ method, path })
  const silences: Silence[] = []
  for (const socketPath of paths) {
    const heard = await exchangeJson(socketPath, {
      who: whoIs(socketPath),
      method,
      path: url,
      body,
      timeoutMs,
    })
    if (heard.kind === 'answered') return understand(route, socketPath, heard, changes)
    if (heard.sent && changes) throw lost(`${socketPath}: ${heard.reason}`)
    silences.push({ socketPath, reason: heard.reason })
  }
  const usual = 'name another with --coordinator-socket PATH or LVSM_COORDINATOR_SOCKET=PATH[:PATH…]'
  throw unreached('a coordinator', silences, isBare(silences) ? adviceFor(true, 'nothing') : usual)
}

/** Nobody was ever at the usual places. */
const isBare = (silences: readonly Silence[]): boolean =>
  setUpOf() === 'nothing' &&
  silences.every(({ socketPath, reason }) => USUAL.includes(socketPath) && isNoSocket(reason))
const USUAL = [DEFAULT_SOCKET, DEFAULT_COORDINATOR_SOCKET]

const whoIs = (path: string): string => (path.endsWith('agent.sock') ? 'agent' : 'coordinator')

export async function ask<Name extends ConfigRouteName>(
  paths: readonly string[],
  question: Question<Name>,
  source?: string,
): Promise<ConfigResponse<Name>> {
  const told = await tryAsk(paths, question)
  if (told.kind === 'ok') return told.value
  throw refusedFailure(told, source)
}

type Answered = Extract<Heard, { kind: 'answered' }>

function understand<Name extends ConfigRouteName>(
  route: Name,
  socketPath: string,
  { status, body }: Answered,
  changes: boolean,
): Told<Name> {
  const strange = (what: string): Failure =>
    changes
      ? lost(`${socketPath}: ${what}`)
      : new Failure('unreachable', `${socketPath}: ${what}`, 'is it a coordinator, and of this version? lvsm --version')
  if (status >= 200 && status < 300) {
    const value = readConfigResponse(route, body)
    if (value === null) throw strange(`its answer is none about ${route}`)
    return { kind: 'ok', value }
  }
  const refused = readConfigRefused(body)
  // A fault of its own may have come before or after the change.
  if (refused === null || status === 500)
    throw strange(refused?.refusals[0]?.message ?? `HTTP ${status} without a reason`)
  return { kind: 'refused', status, refused }
}

/** Of a change: never a failure, since it may have been made. */
export const lost = (what: string, hint = LOOK): Failure =>
  new Failure('unknown', `${what}; the change may have been made, or may be made yet`, hint)

/** `source`: the file that lines and columns are of. */
export function refusedFailure(
  { status, refused }: { readonly status: number; readonly refused: ConfigRefused },
  source?: string,
): Failure {
  const { refusals, since } = refused
  const changed = since ? ['changed since:', ...since.lines.map((line) => `  ${lineText(line)}`)] : []
  const lines = [
    ...refusals.map((one) => describeRefusal(one, one.line === undefined ? undefined : source)),
    ...changed,
  ]
  const hint = refusals.some((one) => one.hint !== undefined) ? '' : 'nothing was changed'
  return new Failure(status === 503 ? 'unreachable' : 'refused', lines.join('\n'), hint)
}
