/** What becomes of a realserver against the word of its check, in words: kept, held out, or with less weight for a while. */
import { isHeld } from '@lvsm/health'
import { destKey } from '@lvsm/model'
import type { KeptFor } from '@lvsm/protocol'
import { initially } from './initial.ts'
import { beside, healthOf } from './sight.ts'
import type { Member } from './member.ts'
import type { NodeState } from '../state.ts'

/** Goes on from the reason of its last result; empty where nothing is to be said. */
export const besides = (state: NodeState, member: Member): string =>
  `${initially(state, member)}${against(state, member)}${beside(member)}${unsaid(member)}`

/** Why it stays in the table though its check fails; null: it does not. */
export function keptFor({ checks }: NodeState, { service, realserver }: Member): KeptFor | null {
  const pool = checks.pools.get(service.name)
  if (!pool?.kept.has(destKey(realserver))) return null
  return pool.kept.size === pool.serving.size ? 'last' : 'cap'
}

const unsaid = ({ unknown }: Member): string =>
  unknown === null
    ? ''
    : `; nobody knows since ${unknown.times === 1 ? '1 answer' : `${unknown.times} answers`}: ${unknown.reason}`

function against(state: NodeState, member: Member): string {
  const { service, realserver, flap } = member
  const health = healthOf(member)
  const key = destKey(realserver)
  const pool = state.checks.pools.get(service.name)
  const kept = keptFor(state, member)
  if (kept === 'last') return '; kept, because nobody else is left'
  if (kept === 'cap') return `; kept, because no more than ${service.check.pacing.maxEjection} % may be out at once`
  if (pool?.propped.has(key) === true)
    return '; it says weight 0, and keeps that of the configuration, because nobody else takes connections'
  if (pool?.standsIn === true && realserver.backup !== true && health.healthy === true)
    return '; the backup serves until the quorum is there'
  if (health.healthy !== true || !isHeld(flap, state.now)) return ''
  return pool?.serving.has(key)
    ? '; serves although it fails again and again, because nobody else is left'
    : '; held out, because it fails again and again'
}
