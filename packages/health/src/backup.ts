/** Who serves where some of a service's realservers are there for the case that the others cannot: a sorry server, as keepalived calls it. */
import { type Floor, type Member, type Pool, serve } from './pool.ts'

export interface Candidate extends Member {
  /** It serves only while those that are no backup are below their quorum. */
  readonly backup: boolean
  /** What it takes: what a program or an agent says of it, else what the configuration says; one of weight 0 takes nobody. */
  readonly weight: number
  /** What the configuration says: of weight 0 it takes nobody, whatever becomes of the others. */
  readonly configured: number
}
/** As keepalived counts: in weight, as it is said, of healthy realservers that are no backup. */
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
  /** They say of themselves that they take nobody, and have the weight of the configuration because nobody else takes anybody. */
  readonly propped: ReadonlySet<string>
  /** Of those that serve, who takes new connections. */
  readonly taking: ReadonlySet<string>
}

const NONE: ReadonlySet<string> = new Set()
export const NOBODY_CHOSEN: Choice = {
  ...{ serving: NONE, kept: NONE, quorate: null, standsIn: false, propped: NONE, taking: NONE },
}

const weightOf = (members: readonly Candidate[]): number => members.reduce((sum, { weight }) => sum + weight, 0)

/**
 * `last`: the result of the call before. While a realserver is not checked yet that could make the quorum, no backup steps in. As long
 * as anybody that takes connections is healthy, one of them serves. With `keepLast` the pool takes connections whatever its members
 * say of themselves: where all say weight 0 and no backup lives, the last ones that took some keep the weight of the configuration.
 */
export function choose(members: readonly Candidate[], last: Choice, rule: Quorum): Choice {
  const own = members.filter(({ backup }) => !backup)
  const healthy = own.filter(({ health, held }) => health.healthy === true && held !== true)
  const hoped = weightOf(own.filter(({ health, held }) => health.healthy !== false && held !== true))
  const least = last.quorate === null ? 0 : last.quorate ? -rule.hysteresis : rule.hysteresis
  const [weight, needed] = [weightOf(healthy), rule.quorum + least]
  const quorate = weight >= needed ? true : hoped >= needed && hoped > weight ? last.quorate : false
  const living = members.filter((one) => one.backup && one.weight > 0 && one.health.healthy === true)
  if (quorate === false && living.length > 0) {
    const serving = idsOf(living)
    return { serving, kept: NONE, quorate, standsIn: true, propped: NONE, taking: serving }
  }
  const pool = serve(own, last.serving, rule)
  const serving = own.filter(({ id }) => pool.serving.has(id))
  const taking = serving.filter((one) => one.weight > 0)
  const propped = taking.length === 0 && rule.keepLast ? proppedOf(serving, last.taking) : NONE
  return { ...pool, quorate, standsIn: false, propped, taking: propped.size > 0 ? propped : idsOf(taking) }
}

const idsOf = (members: readonly Candidate[]): ReadonlySet<string> => new Set(members.map(({ id }) => id))

function proppedOf(serving: readonly Candidate[], lastTaking: ReadonlySet<string>): ReadonlySet<string> {
  const able = serving.filter(({ configured }) => configured > 0)
  const last = able.filter(({ id }) => lastTaking.has(id))
  return idsOf(last.length > 0 ? last : able)
}
