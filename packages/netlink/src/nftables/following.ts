/**
 * What rules drop together: one that drops in a chain that others jump to asks for what the jump asks, too; a set stands for each of its elements, and
 * a map from keys to verdicts for a rule of each. Only what is named so is added: the rest is said of each rule by itself (`droppedBy`).
 */
import { acceptedBy, askedBy, type Dropped, droppedBy, type Found, isBehind, NAMES, placeOf } from './dropping.ts'
import type { Expression } from './expression.ts'
import type { Rule } from './rule.ts'
import type { Element, SetName } from './set.ts'
import type { Verdict } from './types.ts'

/** Jumps within jumps (the kernel allows 16); what one rule stands for, and all of them: more is a list of strangers. */
const DEEPEST = 8
const MOST_ELEMENTS = 256
const MOST = 5000

export interface Ruleset {
  /** Of one family, in the order in which the kernel tells them. */
  readonly rules: readonly Rule[]
  /** Where a chain hooks in; null: others jump to it. */
  hookOf(table: string, chain: string): number | null
  /** Null: not known. */
  elementsOf(set: SetName): readonly Element[] | null
}
export interface FoundDrop extends Dropped {
  readonly rule: Rule
  readonly hook: number | null
  /** A rule before it accepts what it names. */
  readonly behind: boolean
  /** The chain by which it is reached, where that is another one. */
  readonly from?: string
  /** The set that has what is named. */
  readonly set?: string
}
/** One thing that a rule does with what it names. */
interface Way {
  readonly said: Dropped
  readonly verdict: Verdict | null
  readonly set?: string
}

const keyOf = ({ table, chain }: Pick<Rule, 'table' | 'chain'>): string => `${table} ${chain}`

/** Each rule that drops, or refuses, at least once. */
export function dropsIn(ruleset: Ruleset): FoundDrop[] {
  const chains = new Map<string, Rule[]>()
  for (const rule of ruleset.rules) chains.set(keyOf(rule), [...(chains.get(keyOf(rule)) ?? []), rule])
  const walk = new Walk(ruleset, chains)
  for (const [key, [first]] of chains) {
    const hook = first ? ruleset.hookOf(first.table, first.chain) : null
    if (first && hook !== null) walk.chain(key, { said: NOTHING, hook, from: first.chain, depth: 0, accepts: [] })
  }
  const reached = new Set(walk.found.map(({ rule }) => rule))
  const others = [...chains.values()].flatMap((rules) => alone(ruleset, rules).filter(({ rule }) => !reached.has(rule)))
  return [...walk.found, ...others]
}
const NOTHING: Dropped = { more: false, packets: null }

/** By what each says itself. */
function alone(ruleset: Ruleset, rules: readonly Rule[]): FoundDrop[] {
  const accepts: Dropped[] = []
  return rules.flatMap((rule): FoundDrop[] => {
    const dropped = droppedBy(rule)
    const accepted = dropped === null ? acceptedBy(rule) : null
    if (accepted) accepts.push(accepted)
    if (!dropped) return []
    const behind = accepts.some((one) => isBehind(dropped, one))
    return [{ ...dropped, rule, hook: ruleset.hookOf(rule.table, rule.chain), behind }]
  })
}

interface Place {
  readonly said: Dropped
  readonly hook: number
  readonly from: string
  readonly depth: number
  readonly set?: string
  /** What was accepted before. */
  readonly accepts: Dropped[]
  /** What went back from this chain before: the rest of it does not see that. */
  readonly returned?: Dropped[]
}
class Walk {
  readonly found: FoundDrop[] = []
  readonly #ruleset: Ruleset
  readonly #chains: ReadonlyMap<string, readonly Rule[]>
  readonly #ways = new Map<Rule, readonly Way[]>()
  #steps = 0

  constructor(ruleset: Ruleset, chains: ReadonlyMap<string, readonly Rule[]>) {
    this.#ruleset = ruleset
    this.#chains = chains
  }

  chain(key: string, from: Place): void {
    const place = { ...from, returned: [] }
    for (const rule of this.#chains.get(key) ?? [])
      for (const way of this.#waysOf(rule)) if (++this.#steps <= MOST) this.#go(rule, way, place)
  }

  #go(rule: Rule, { said, verdict, set }: Way, place: Place): void {
    const both = together(place.said, said)
    if (both === null || verdict === null) return
    const by = set ?? place.set
    if (verdict.verdict === 'accept') place.accepts.push(both)
    else if (verdict.verdict === 'return') place.returned?.push(both)
    else if (verdict.chain !== undefined && place.depth < DEEPEST)
      this.chain(keyOf({ ...rule, chain: verdict.chain }), {
        ...{ ...place, said: both, depth: place.depth + 1 },
        ...(by === undefined ? {} : { set: by }),
      })
    else if (verdict.verdict === 'drop' && NAMES.some((name) => both[name] !== undefined)) {
      const behind = [...place.accepts, ...(place.returned ?? [])].some((one) => isBehind(both, one))
      const from = place.from === rule.chain ? {} : { from: place.from }
      this.found.push({ ...both, rule, hook: place.hook, behind, ...from, ...(by === undefined ? {} : { set: by }) })
    }
  }
  #waysOf(rule: Rule): readonly Way[] {
    const known = this.#ways.get(rule) ?? waysOf(rule, this.#ruleset)
    this.#ways.set(rule, known)
    return known
  }
}

/** Null: nothing is both. */
function together(one: Dropped, other: Dropped): Dropped | null {
  for (const name of NAMES)
    if (one[name] !== undefined && other[name] !== undefined && one[name] !== other[name]) return null
  return { ...one, ...other, more: one.more || other.more }
}

const DROP: Verdict = { verdict: 'drop' }
function waysOf(rule: Rule, ruleset: Ruleset): Way[] {
  const { expressions } = rule
  const refuses = expressions.some((one) => one.kind === 'unknown' && one.name === 'reject')
  const ends = expressions.find((one) => one.kind === 'verdict')
  const verdict = ends?.kind === 'verdict' ? ends.verdict : refuses ? DROP : null
  const at = expressions.findIndex((one) => one.kind === 'lookup')
  const lookup = expressions[at]
  const said = askedBy(expressions)
  if (lookup?.kind !== 'lookup' || lookup.inverted) return [{ said, verdict }]
  const elements = ruleset.elementsOf({ family: rule.family, table: rule.table, set: lookup.set })
  const place = placeOf(expressions[at - 1])
  const unknown: Way[] = lookup.verdicts ? [] : [{ said, verdict }]
  if (!elements || elements.length > MOST_ELEMENTS || !place) return unknown
  // Beside this one: what else it asks for.
  const others = askedBy(expressions.filter((_, index) => index !== at && index !== at - 1))
  // Names of sets without one are the kernel's.
  const set = lookup.set.startsWith('__') ? {} : { set: lookup.set }
  return elements.flatMap((one): Way[] => {
    const named = namedBy(place, one, expressions[at - 1])
    if (named === null) return []
    const both = together(others, { more: false, packets: others.packets, ...named })
    return both ? [{ said: both, verdict: lookup.verdicts ? (one.verdict ?? null) : verdict, ...set }] : []
  })
}
/** Null: a bound of a range, or several things in one. */
function namedBy(place: (data: Uint8Array) => Found, { key }: Element, loaded: Expression | undefined): Found | null {
  return loaded?.kind === 'payload' && key.length === loaded.length ? place(key) : null
}
