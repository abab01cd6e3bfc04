/**
 * What realservers' own agents say of their sockets (`observe/sockets.ts`), at a director. It holds at once, for there is nothing to damp in it;
 * only the way back takes a moment, so that one that says something else each time costs bounded work. A silent agent says nothing: then
 * the check alone decides.
 */
import { after, between, earlier, type Instant, type Trouble } from '@lvsm/base'
import type { SocketsMessage } from '@lvsm/protocol'
import { leaseStatus } from '../lease.ts'
import type { NodeState } from '../state.ts'
import { memberId } from './initial.ts'
import type { Member } from './member.ts'
import { resettled, type Verdict } from './members.ts'
import { outlives, speaksAgainst } from './sight.ts'

/** It speaks every two seconds, and at once when something changes. */
const FRESH_MS = 6000
/** One that was out comes back after so long at the earliest. */
const BACK_MS = 1000
/** An agent that starts, or a configuration that has just come, is no trouble. */
const SILENT_MS = 10_000

/** Of each realserver that is the sender's own: nobody speaks for others. */
export function heardSockets(state: NodeState, from: string, { seen, load }: SocketsMessage): Verdict[] {
  const { checks, now } = state
  return seen.flatMap((one) => {
    const member = checks.members.get(memberId(one.service, one.key))
    if (member?.realserver.node !== from || !member.service.check.ownView) return []
    const before = member.sight
    if (before && speaksAgainst(before) && one.is !== before.is && between(before.since, now) < BACK_MS) return []
    const since = before?.is === one.is ? before.since : now
    checks.sightsUntil = earlier(checks.sightsUntil ?? after(now, FRESH_MS), after(now, FRESH_MS))
    return resettled(state, member, () => {
      member.unseenSince = null
      member.sight = { ...one, at: now, since, load, stale: false }
    })
  })
}

/** Agents that have become silent. */
export function endSights(state: NodeState): Verdict[] {
  const { checks, now } = state
  if (checks.sightsUntil === null || now < checks.sightsUntil) return []
  checks.sightsUntil = null
  const verdicts: Verdict[] = []
  for (const member of checks.members.values()) {
    const { sight } = member
    if (!sight || sight.stale) continue
    const until = after(sight.at, FRESH_MS)
    if (now < until) checks.sightsUntil = earlier(checks.sightsUntil ?? until, until)
    else
      verdicts.push(
        ...resettled(state, member, () => {
          member.unseenSince = sight.at
          member.sight = outlives(member) ? { ...sight, stale: true } : null
        }),
      )
  }
  return verdicts
}
export const nextSightEnd = ({ checks }: NodeState): Instant | null => checks.sightsUntil

/** Whose agent is known not to be there has a trouble already, and so has who is not heard at all. */
export function unseenTroubles(state: NodeState): Trouble[] {
  const peers = new Map(leaseStatus(state)?.peers.map((peer) => [peer.name, peer]))
  const isToSpeak = ({ realserver: { node, agent } }: Member): boolean => {
    const peer = peers.get(node)
    return agent !== false && (node === state.node || (peer?.life === 'alive' && peer.agentless === undefined))
  }
  const silent = [...state.checks.members.values()].filter(
    (member) => member.unseenSince !== null && between(member.unseenSince, state.now) >= SILENT_MS && isToSpeak(member),
  )
  return [...new Set(silent.map(({ realserver }) => realserver.node))].map((name): Trouble => {
    const services = silent.flatMap(({ service, realserver }) => (realserver.node === name ? [service.name] : []))
    return {
      ...{ code: 'own-view-silent', severity: 'warning', object: `node ${name}` },
      message: `the agent of ${name} does not say whether somebody listens there, for ${[...new Set(services)].join(', ')}: checks from outside alone decide`,
      hint: `has ${name} the same version and configuration? lvsm status there; journalctl -u lvsm-agent there`,
    }
  })
}
