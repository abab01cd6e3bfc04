/** Who serves where some of a service's realservers are there for the case that the others cannot: a sorry server, as keepalived calls it. */
import { type Floor, type Member, type Pool, serve } from './pool.ts'

export interface Candidate extends Member {
  /** It serves only while those that are no backup are below their quorum. */
  readonly backup: boolean
  /** By the configuration; one of weight 0 takes nobody. */
  readonly weight: number
}
/** As keepalived counts: in weight of healthy realservers that are no backup. */
export interface Quorum extends Floor {
  /** Under so much the backups serve, where one of them is healthy. */
  readonly quorum: number
  /** It is lost only under `quorum` less this, and there again only from `quorum` and this on. */
  readonly hysteresis: number
}
export interface Choice extends Pool {
  /** The realservers that are no backup have their quorum; null: not known yet. */
  readonly quorate: boolean | null
  /** The backups serve. */
  readonly standsIn: boolean
}

export const NOBODY_CHOSEN: Choice = { serving: new Set(), kept: new Set(), quorate: null, standsIn: false }

const weightOf = (members: readonly Candidate[]): number => members.reduce((sum, { weight }) => sum + weight, 0)

/**
 * `last`: the result of the call before. While a realserver is not checked yet that could make the quorum, no backup steps in. As long
 * as anybody that takes connections is healthy, one of them serves.
 */
export function choose(members: readonly Candidate[], last: Choice, rule: Quorum): Choice {
  const own = members.filter(({ backup }) => !backup)
  const healthy = own.filter(({ health, held }) => health.healthy === true && held !== true)
  const hoped = weightOf(own.filter(({ health, held }) => health.healthy !== false && held !== true))
  const least = last.quorate === null ? 0 : last.quorate ? -rule.hysteresis : rule.hysteresis
  const [weight, needed] = [weightOf(healthy), rule.quorum + least]
  const quorate = weight >= needed ? true : hoped >= needed && hoped > weight ? last.quorate : false
  const living = members.filter((one) => one.backup && one.weight > 0 && one.health.healthy === true)
  if (quorate === false && living.length > 0)
    return { serving: new Set(living.map(({ id }) => id)), kept: new Set(), quorate, standsIn: true }
  return { ...serve(own, last.serving, rule), quorate, standsIn: false }
}
