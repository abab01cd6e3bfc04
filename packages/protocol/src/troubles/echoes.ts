/**
 * Of what several nodes say, what only follows from what another one says of itself: each node tells what it finds, and whoever shows them all
 * leaves out what that makes needless.
 */
import type { NodeTrouble } from '../http/status.ts'
import { isOfLostAnswers, keepsClientsFrom, serverOfDeadPath } from './dead-paths.ts'
import { dropsWayTo } from './dropped.ts'
import { FIXED, isNoWay, LOSING, OF_HEARING, SHAKING, unawareFollows, unheardFollows } from './unheard.ts'

type Said = Pick<NodeTrouble, 'node' | 'code' | 'object' | 'message' | 'evidence' | 'pastMs'> &
  Readonly<{ severity?: string; hint?: string | undefined }>
const PATH_DEAD = 'path-dead'
const ASTRAY = 'listens-elsewhere'
const UNAWARE = 'standby-unaware'
/** What may follow from something else. */
const FOLLOWS: ReadonlySet<string> = new Set(['address-conflict', 'verdicts-differ', UNAWARE, PATH_DEAD, ...OF_HEARING])

/** What was seen of it is needed to know what follows from it, or from what it follows. */
export const isKnownByEvidence = (code: string): boolean =>
  [PATH_DEAD, UNAWARE, LOSING, FIXED, 'vip-answers', 'one-way', 'heard-by-others'].includes(code) ||
  SHAKING.has(code) ||
  isNoWay(code)

/**
 * Of several nodes, without what only follows; a cause that is a warning by itself is critical where what follows from it is. That they are not heard where it is known why; who answers for a VIP; and what is found by one that does not get there.
 */
export function withoutEchoes<T extends Said>(all: readonly T[]): T[] {
  if (!all.some(({ code }) => FOLLOWS.has(code))) return [...all]
  // A realserver says that it answers for a VIP, and its owner hears the answers.
  const answers = new Set(
    all.flatMap(({ code, evidence = '' }) => {
      const [, address, mac] = code === 'vip-answers' ? (ANSWERED.exec(evidence) ?? []) : []
      return address === undefined ? [] : [`${mac} ${address}`]
    }),
  )
  const ways = all.filter(({ code }) => isNoWay(code))
  const isOfUnheard = unheardFollows(all)
  const isOfSyncLink = unawareFollows(all)
  const left = all.filter((one) => {
    const { node, code, message } = one
    if (code === PATH_DEAD) return !isOfLostAnswers(ways, one) && !all.some((cause) => leadsTo(cause, one))
    if (code === UNAWARE) return !isOfSyncLink(one)
    if (code === 'verdicts-differ') return !differByWays(all, node, message)
    if (code === 'address-conflict') {
      const [, mac = '', address = ''] = RIVAL.exec(message) ?? []
      return !answers.has(`${mac} ${address}`)
    }
    return !OF_HEARING.has(code) || !isOfUnheard(one)
  })
  return left.map((one) => seenToFail(one, all))
}

/**
 * That a server listens elsewhere may be meant, where a rule turns requests there: not where its director sees that they are not answered.
 * With what that one saw, and what keeps clients from there until it is mended.
 */
function seenToFail<T extends Said>(cause: T, all: readonly T[]): T {
  if (cause.code !== ASTRAY || cause.pastMs !== undefined) return cause
  const dead = all.find((one) => one.code === PATH_DEAD && leadsTo(cause, one))
  if (!dead) return cause
  const [, until] = dead.hint?.split(UNTIL) ?? []
  return {
    ...cause,
    severity: 'critical',
    evidence: `${dead.node} sees: ${dead.evidence ?? dead.message}`,
    ...(cause.hint === undefined || until === undefined ? {} : { hint: `${cause.hint}${UNTIL}${until}` }),
  }
}
const UNTIL = '; until then: '
/** Why connections get no further there, as the realserver itself says it, or the director that sends them. */
function leadsTo(cause: Said, dead: Said): boolean {
  const server = serverOfDeadPath(dead)
  const service = dead.object?.replace('service ', '') ?? ''
  if (cause.pastMs !== undefined || server === '') return false
  if (cause.node === server && keepsClientsFrom(cause, service)) return true
  return cause.node === dead.node && isWithout(cause, service, server)
}
/** Realservers that a node has no way to, as it says: `no way to 10.11.0.11 (rs1), …: `. */
export const isWithoutWay = ({ code, message }: Pick<Said, 'code' | 'message'>, server: string): boolean =>
  (code === FIXED && message.includes(` sends to ${server} (`)) || (code === 'no-way' && isNamedIn(message, server))
/** A realserver has none to a node that asks it, as it says: that gets no answer, by whichever network. */
export const isWithoutAnswerTo = ({ code, message }: Pick<Said, 'code' | 'message'>, node: string): boolean =>
  isNoWay(code) && isNamedIn(message, node)
const isNamedIn = (message: string, node: string): boolean =>
  [...message.matchAll(NAMED)].some(([, names = '']) => names.split(' ').includes(node))

/** What keeps a director's checks from its servers is there, as it says itself. */
const isWithout = (one: Said, service: string, server: string): boolean =>
  isWithoutWay(one, server) || dropsWayTo(one, service, server)

/** By the sentence of `verdicts-differ`: checks of a director find what is found by it alone because they do not get there. */
export function differByWays(all: readonly Said[], node: string, message: string): boolean {
  const has = (by: string, service: string, servers: string): boolean =>
    servers.split(', ').every((server) => all.some((one) => one.node === by && isWithout(one, service, server)))
  return message.split('; it ').every((part) => {
    const [, owners = '', theirs = '', owner = ''] = OWNERS.exec(part) ?? []
    if (owners !== '') return has(owner, theirs, owners)
    const [, own = '', service = ''] = OWN.exec(part) ?? []
    return own !== '' && has(node, service, own)
  })
}
/** As `verdicts-differ` says it (agent/node/core/differing.ts). */
const OWNERS = /does not find (\S+(?:, \S+)*) of (\S+) failed, as (\S+) does/
const OWN = /finds (\S+(?:, \S+)*) of (\S+) failed, and/
const NAMED = /[\da-f] \(([^)]+)\)/g

/** As a realserver says it (packages/plan, `placed.ts`). */
const ANSWERED = /^who asks for (\S+) is answered by (\S+)$/
/** Whose MAC address it is stands beside it, where that is known. */
const RIVAL = /^(\S+)(?: \([^)]*\))? answers for .* \((\S+) on \S+\)$/
