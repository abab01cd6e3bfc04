/** What a realserver's own agent says of its socket, and what that makes of the verdict of its check. */
import { NEVER_BEFORE } from '@lvsm/base'
import type { Health } from '@lvsm/health'
import { CHECKS, forwarding } from '@lvsm/model'
import { asServiceSays, isRefused, ITS_AGENT_SAYS, type SeenSocket } from '@lvsm/protocol'
import type { Member, Sight } from './member.ts'

/** It takes a realserver out by itself; it brings none in that its check has out. */
export const speaksAgainst = ({ is }: Pick<SeenSocket, 'is'>): boolean => is === 'closed' || is === 'full'

/** A check of the port finds out by itself what a silent agent said last; one of the host does not. */
export const outlives = (member: Member): boolean =>
  member.sight?.is === 'closed' && CHECKS[member.service.check.type].asks === 'host'

/** Who is asked for it: itself, or the same node in the service that its own goes by. */
export const askedFor = (member: Member): Member => member.tracked ?? member

/** Its check and its own agent together. */
export function healthOf({ health, sight, tracked }: Member): Health {
  if (tracked) {
    const its = healthOf(tracked)
    return { ...its, reason: `${asServiceSays(tracked.service.name)}${its.reason}` }
  }
  if (!sight || !speaksAgainst(sight)) return health
  const { is, queue, most } = sight
  const why = is === 'closed' ? 'listens there' : `accepts: ${queue} connections wait, and ${most} may`
  return { healthy: false, against: 0, reason: `${ITS_AGENT_SAYS}${why} (its check: ${health.reason})` }
}

/** Goes on from the reason: why its own agent's word has no part in it, or what its word tells of the reason. Empty: nothing, or nobody wants it to. */
export function beside(member: Member): string {
  const { service, realserver, sight } = member
  const { check } = service
  if (!check.ownView) return ''
  if (realserver.agent === false) return '; no agent runs there that could look for itself'
  if (sight === null) return '; its own agent does not say whether somebody listens'
  if (sight.stale) return '; its own agent is silent since then'
  if (sight.is === 'unread') return '; its own agent cannot see its sockets'
  return isRejected(member, sight)
    ? `; its own agent sees that a program listens there: a packet filter rejects it (on ${realserver.node}: nft list ruleset, iptables -S)`
    : ''
}

/** Its agent has looked since the check fails, and speaks of the port that clients are sent to. */
const isRejected = ({ service: { check }, realserver, health, flap }: Member, { is, at }: Sight): boolean =>
  is === 'listens' &&
  health.healthy === false &&
  isRefused(health.reason) &&
  (check.port ?? realserver.port) === realserver.port &&
  // By DR and tunnels it looks at the VIP, and the check asks the realserver's own address.
  forwarding(realserver.forward).answersThroughDirector &&
  at > (flap.falls.at(-1) ?? NEVER_BEFORE)
