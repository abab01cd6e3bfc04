/** What becomes of a realserver against the word of its check, in words: kept, held out, or with less weight for a while. */
import { type Health, isHeld } from '@lvsm/health'
import { destKey } from '@lvsm/model'
import { asServiceSays, type KeptFor, LAST_ANSWER } from '@lvsm/protocol'
import { initially } from './initial.ts'
import { takesNone } from './said-weight.ts'
import { askedFor, beside, healthOf } from './sight.ts'
import type { Member } from './member.ts'
import type { NodeState } from '../state.ts'

/** Why it is in the table or out of it, in a sentence. `weight`: that of the table at the last look; null: there was none. */
export const whyOf = (state: NodeState, member: Member, weight: number | null): string =>
  `${saidOf(member)}${besides(state, member)}${onItsWay(state, member, weight)}`

/** What its check says; where the last result speaks against the verdict, what that rests on, and how many more it takes. */
function saidOf(member: Member): string {
  const { tracked } = member
  if (tracked) return `${asServiceSays(tracked.service.name)}${saidOf(tracked)}`
  const { check } = member.service
  const health = healthOf(member)
  const { healthy, against, reason } = health
  if (healthy === null || against === 0) return reason
  if (healthy) return `${reason} (${against} of ${check.fall} in a row that take it out)`
  const failed = failedText(health)
  return failed === null ? reason : `${failed}${LAST_ANSWER}${reason} (${against} of ${check.rise} that bring it back)`
}
const failedText = ({ failure }: Health): string | null =>
  failure ? `${failure.reason}${failure.times > 1 ? `, ${failure.times} times` : ''}` : null

/** It is to be in the table, and was not at the last look. */
function onItsWay({ checks }: NodeState, member: Member, weight: number | null): string {
  const { service, realserver } = member
  const isMeant = checks.pools.get(service.name)?.serving.has(destKey(realserver)) === true && !takesNone(member)
  if (weight !== 0 || realserver.weight === 0 || healthOf(member).healthy !== true || !isMeant) return ''
  const failed = failedText(askedFor(member).health)
  return `${failed === null ? '' : `; it failed before that: ${failed}`}; it is to serve, and had no weight at the last look`
}

/** Goes on from the reason of its last result; empty where nothing is to be said. */
export const besides = (state: NodeState, member: Member): string =>
  `${initially(state, member)}${against(state, member)}${beside(askedFor(member))}${unsaid(askedFor(member))}`

/** Why it stays in the table though its check fails; null: it does not. */
export function keptFor({ checks }: NodeState, { service, realserver }: Member): KeptFor | null {
  const pool = checks.pools.get(service.name)
  if (!pool?.kept.has(destKey(realserver))) return null
  if (pool.panics === true) return 'panic'
  return pool.kept.size === pool.serving.size ? 'last' : 'cap'
}

const unsaid = ({ unknown }: Member): string =>
  unknown === null
    ? ''
    : `; nobody knows since ${unknown.times === 1 ? '1 answer' : `${unknown.times} answers`}: ${unknown.reason}`

function lastly(member: Member): string {
  const failed = failedText(askedFor(member).health)
  return failed === null ? '' : ` (last: ${failed})`
}

const inPanic = ({ check: { pacing } }: Member['service']): string =>
  `because fewer than ${pacing.panic} % are well: then no check is believed`

function against(state: NodeState, member: Member): string {
  const { service, realserver, flap } = member
  const health = healthOf(member)
  const key = destKey(realserver)
  const pool = state.checks.pools.get(service.name)
  const kept = keptFor(state, member)
  if (kept === 'last') return '; kept, because nobody else is left'
  if (kept === 'panic') return `; serves although it fails, ${inPanic(service)}`
  if (kept === 'cap') return `; kept, because no more than ${service.check.pacing.maxEjection} % may be out at once`
  if (pool?.propped.has(key) === true)
    return '; it says weight 0, and keeps that of the configuration, because nobody else takes connections'
  if (pool?.standsIn === true && realserver.backup !== true && health.healthy === true)
    return '; the backup serves until the quorum is there'
  if (health.healthy !== true || !isHeld(flap, state.now)) return ''
  if (pool?.panics === true) return `; serves although it fails again and again, ${inPanic(service)}`
  return pool?.serving.has(key)
    ? '; serves although it fails again and again, because nobody else is left'
    : `; held out, because it fails again and again${lastly(member)}`
}
