/** What a rule of a packet filter drops, in the words of `drop-rule`, and what those words say of services: sentence and reader stand together. */
import type { NodeTrouble } from '../http/status.ts'

export const DROPPED = {
  clients: (services: string): string => `what clients of ${services} send`,
  some: (services: string): string => `part of what clients of ${services} send`,
  servers: (services: string): string => `what comes for the servers of ${services} here`,
  answers: (services: string): string => `what the servers of ${services} here answer`,
  sent: (services: string): string => `what goes to realservers of ${services}`,
  returned: (services: string): string => `what realservers of ${services} answer`,
  heard: (links: string): string => `heartbeats that come over link ${links}`,
  beats: (links: string): string => `heartbeats that leave over link ${links}`,
} as const satisfies Readonly<Record<string, (names: string) => string>>
export type DroppedKind = keyof typeof DROPPED

const ALL_CLIENTS = / (?:drops|refuses|sends elsewhere) what clients of ([^:]+?) send\b/
const SERVERS = /what (?:comes for the servers of ([^:]+?) here|the servers of ([^:]+?) here answer)/
const isDrop = ({ code, pastMs }: Pick<NodeTrouble, 'code' | 'pastMs'>): boolean =>
  code === 'drop-rule' && pastMs === undefined
const isIn = (names: string | undefined, name: string): boolean => names?.split(', ').includes(name) === true

const HEARTBEATS = {
  heard: /heartbeats that come over link ([^;:]+)/,
  beats: /heartbeats that leave over link ([^;:]+)/,
}
type Said = Pick<NodeTrouble, 'code' | 'pastMs' | 'message'>
/** No client of this service gets through, where its node owns the group. */
export const dropsClientsOf = (trouble: Said, service: string): boolean =>
  isDrop(trouble) && isIn(ALL_CLIENTS.exec(trouble.message)?.[1], service)
/** Of its node's own server of this service. */
export function dropsServerOf(trouble: Said, service: string): boolean {
  const [, arriving, answering] = isDrop(trouble) ? (SERVERS.exec(trouble.message) ?? []) : []
  return isIn(arriving, service) || isIn(answering, service)
}
/** Over which heartbeats do not come in (`heard`), or do not leave. */
export const droppedLinks = (trouble: Said, kind: keyof typeof HEARTBEATS): readonly string[] =>
  isDrop(trouble) ? (HEARTBEATS[kind].exec(trouble.message)?.[1]?.split(', ') ?? []) : []
