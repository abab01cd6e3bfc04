/** What a rule of a packet filter drops, in the words of `drop-rule`, and what those words say of services: sentence and reader stand together. */
import type { NodeTrouble } from '../http/status.ts'

export const DROPPED = {
  clients: (services: string): string => `what clients of ${services} send`,
  some: (services: string): string => `part of what clients of ${services} send`,
  servers: (services: string): string => `what comes for the servers of ${services} here`,
  answers: (services: string): string => `what the servers of ${services} here answer`,
  requests: (services: string): string => `requests for the servers of ${services} here`,
  replies: (services: string): string => `replies of the servers of ${services} here`,
  sent: (services: string): string => `what goes to realservers of ${services}`,
  returned: (services: string): string => `what realservers of ${services} answer`,
  heard: (links: string): string => `heartbeats that come over link ${links}`,
  beats: (links: string): string => `heartbeats that leave over link ${links}`,
} as const satisfies Readonly<Record<string, (names: string) => string>>
export type DroppedKind = keyof typeof DROPPED

const ALL_CLIENTS = / (?:drops|refuses|sends elsewhere) what clients of ([^:]+?) send\b/
const SOME_CLIENTS = / (?:drops|refuses|sends elsewhere) (?:[^:]*; )?part of what clients of ([^:;]+?) send\b/
const SERVERS = /what (?:comes for the servers of ([^:]+?) here|the servers of ([^:]+?) here answer)/g
/** Of a realserver: of clients, whatever becomes of checks. */
const REQUESTS = /(?:requests for|replies of) the servers of ([^:;]+?) here/g
/** Of a director: what it sends to a service's realservers, or what these answer. */
const WAYS = /what (?:goes to realservers of ([^:;]+)|realservers of ([^:;]+?) answer)/g
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
/** Some of its clients do not. */
export const dropsSomeOf = (trouble: Said, service: string): boolean =>
  isDrop(trouble) && isIn(SOME_CLIENTS.exec(trouble.message)?.[1], service)
/** Why a director takes a group from no owner that serves: by which chain none of a service's clients would get through there. */
export const shutText = (service: string, rule: string): string =>
  `lets no client of service ${service} through: ${rule}`
export const isShut = (why: string): boolean => why.startsWith('lets no client of service ')

/** Of its node's own server of this service: what comes from this asker, or what that one is answered. */
export function dropsServerOf(trouble: Said, service: string, asker: string): boolean {
  if (!isDrop(trouble)) return false
  return [...trouble.message.matchAll(SERVERS)].some(
    ([, arriving, answering]) =>
      (isIn(arriving, service) && isNamed(trouble, 'from', asker)) ||
      (isIn(answering, service) && isNamed(trouble, 'to', asker)),
  )
}
/** Clients that are sent to its node's own server of this service get nothing. */
export const dropsRequestsOf = (trouble: Said, service: string): boolean =>
  isDrop(trouble) &&
  ([...trouble.message.matchAll(REQUESTS)].some(([, named]) => isIn(named, service)) ||
    [...trouble.message.matchAll(SERVERS)].some(([, came, answered]) => isIn(came ?? answered, service)))
/** What a director sends to this server of a service, or what that answers: its checks get nowhere. */
export const dropsWayTo = (trouble: Said, service: string, server: string): boolean =>
  isDrop(trouble) &&
  [...trouble.message.matchAll(WAYS)].some(
    ([, sent, returned]) =>
      (isIn(sent, service) && isNamed(trouble, 'to', server)) ||
      (isIn(returned, service) && isNamed(trouble, 'from', server)),
  )
/** It answers that it takes nothing: what it refuses fails otherwise than what is dropped. */
export const refuses = ({ message }: Pick<Said, 'message'>): boolean => REFUSES.test(message)
const REFUSES = /^a rule of chain [^:]* refuses /

/** Do heartbeats of a link not come in (`heard`) from this node, or not leave (`beats`) for it? Whose they are may be left open. */
export function dropsBeats(trouble: Said, kind: keyof typeof HEARTBEATS, link: string, peer?: string): boolean {
  if (!isDrop(trouble) || !isIn(HEARTBEATS[kind].exec(trouble.message)?.[1], link)) return false
  return peer === undefined || isNamed(trouble, kind === 'heard' ? 'from' : 'to', peer)
}

/** Nothing but heartbeats that come in is dropped by it. */
export const dropsHeardAlone = (trouble: Said): boolean => isDrop(trouble) && HEARD_ALONE.test(trouble.message)
const HEARD_ALONE = / (?:drops|refuses|sends elsewhere) heartbeats that come over link [^;:]+:/

/** By the nodes that its rule names at one end (`all that is from 10.12.0.1 (dir1)`); one that names nobody there, or in the words of an older agent, is of everybody. */
function isNamed({ message }: Pick<Said, 'message'>, end: keyof typeof ENDS, node: string): boolean {
  const [, all = ''] = NAMES.exec(message) ?? []
  // What is cut off names somebody, and nobody knows whom.
  const named = all.split(', ').map((part) => (part.endsWith('…') ? '' : ENDS[end].exec(part)?.[1]))
  return named.some((names) => names === undefined || names.split(' ').includes(node))
}
const NAMES = /: all that is (.*?)(?:, (?:nothing before it lets that in|but what is let in before it))?$/
const ENDS = { from: /\bfrom [\da-f.:/]+ \(([^)]+)\)/, to: /\bto [\da-f.:/]+ \(([^)]+)\)/ }
