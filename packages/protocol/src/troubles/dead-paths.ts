/**
 * The owner sees that connections get no further at a realserver (`path-dead`), and that one's own kernel has no way to their clients
 * (`no-way`): one cause, which the realserver names.
 */
import type { NodeTrouble } from '../http/status.ts'
import { dropsRequestsOf } from './dropped.ts'

type Said = Pick<NodeTrouble, 'node' | 'code' | 'object' | 'message' | 'evidence'>
interface DeadPath {
  readonly server: string
  /** Some of them. */
  readonly clients: readonly string[]
}

/** As agent/node/core/observe/paths-told.ts says it: `rs1: 4 connections opened and not answered, of 192.0.2.7; …`. */
const AT = / at (\S+) \(/
/** At which realserver; empty: it does not say. */
export const serverOfDeadPath = ({ message }: Pick<Said, 'message'>): string => AT.exec(message)?.[1] ?? ''
const WAITING = /^(\S+): \d+ connections opened and not answered, of ([^\s,;]+(?:, [^\s,;]+)*)(?:;|$)/

/** Null: it is none, or what was seen of it is not known. */
export function deadPathOf({
  code,
  message,
  evidence = '',
}: Pick<Said, 'code' | 'message' | 'evidence'>): DeadPath | null {
  if (code !== 'path-dead') return null
  const server = serverOfDeadPath({ message })
  const [, node, clients = ''] = WAITING.exec(evidence) ?? []
  return node === server && clients !== '' ? { server, clients: clients.split(', ') } : null
}

/** As a realserver says it in what was seen. */
export const lostAnswersText = (service: string, clients: readonly string[]): string =>
  `answers of ${service} to ${clients.join(', ')} are lost`
const LOST = /\banswers of (\S+) to ([^\s,;]+(?:, [^\s,;]+)*) are lost\b/g

/** Services of which it says that it has no way to clients of theirs. */
export const unansweredServices = ({ code, evidence = '' }: Pick<Said, 'code' | 'evidence'>): readonly string[] =>
  code === 'no-way' ? [...evidence.matchAll(LOST)].map(([, service = '']) => service) : []

/** Of one realserver, by its own node: what it gets is not answered, or its answers come to nobody. */
const UNANSWERED: ReadonlySet<string> = new Set([
  ...['foreign-default-route', 'foreign-answer-route', 'foreign-tunnel', 'foreign-device', 'loopback-down'],
])
/** Of one service of it. */
const UNHEARD_THERE: ReadonlySet<string> = new Set(['listens-elsewhere', 'accepts-nobody', 'stopped-process'])
/** By its own node: why clients that are sent there get nothing of this service. */
export const keepsClientsFrom = (said: Said & Pick<NodeTrouble, 'pastMs'>, service: string): boolean =>
  said.pastMs === undefined &&
  (UNANSWERED.has(said.code) ||
    (UNHEARD_THERE.has(said.code) && said.object === `service ${service}`) ||
    dropsRequestsOf(said, service))

/** All clients of that path are such to whom its realserver has no way. */
export function isOfLostAnswers(ways: readonly Said[], dead: Said): boolean {
  const path = deadPathOf(dead)
  if (!path) return false
  const lost = new Set(
    ways.flatMap(({ node, evidence = '' }) =>
      node !== path.server
        ? []
        : [...evidence.matchAll(LOST)].flatMap(([, service = '', clients = '']) =>
            dead.object === `service ${service}` ? clients.split(', ') : [],
          ),
    ),
  )
  return path.clients.every((one) => lost.has(one))
}
