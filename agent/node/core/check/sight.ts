/** What a realserver's own agent says of its socket, and what that makes of the verdict of its check. */
import type { Health } from '@lvsm/health'
import { CHECKS } from '@lvsm/model'
import type { SeenSocket } from '@lvsm/protocol'
import type { Member } from './member.ts'

/** It takes a realserver out by itself; it brings none in that its check has out. */
export const speaksAgainst = ({ is }: Pick<SeenSocket, 'is'>): boolean => is === 'closed' || is === 'full'

/** A check of the port finds out by itself what a silent agent said last; one of the host does not. */
export const outlives = (member: Member): boolean =>
  member.sight?.is === 'closed' && CHECKS[member.service.check.type].asks === 'host'

/** Its check and its own agent together. */
export function healthOf({ health, sight }: Member): Health {
  if (!sight || !speaksAgainst(sight)) return health
  const { is, queue, most } = sight
  const why = is === 'closed' ? 'nobody listens there' : `nobody accepts: ${queue} connections wait, and ${most} may`
  return { healthy: false, against: 0, reason: `its own agent says: ${why} (its check: ${health.reason})` }
}

/** Goes on from the reason: why its own agent's word has no part in it. Empty: it has, or nobody wants it to. */
export function unseen({ service: { check }, realserver, sight }: Member): string {
  if (!check.ownView) return ''
  if (realserver.agent === false) return '; no agent runs there that could look for itself'
  if (sight === null) return '; its own agent does not say whether somebody listens'
  if (sight.stale) return '; its own agent is silent since then'
  return sight.is === 'unread' ? '; its own agent cannot see its sockets' : ''
}
