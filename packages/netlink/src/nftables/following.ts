/**
 * What rules drop together: one that drops in a chain that others jump to asks for what the jump asks, too; a set stands for each of its elements, and
 * a map from keys to verdicts for a rule of each. Only what is named so is added: the rest is said of each rule by itself (`droppedBy`).
 */
import {
  acceptedBy,
  askedBy,
  type Dropped,
  droppedBy,
  type Found,
  isBehind,
  isRedirect,
  isRefusal,
  NAMES,
} from './dropping.ts'
import type { Expression } from './expression.ts'
import type { Rule } from './rule.ts'
import { isLate, isLateRule } from './late.ts'
import { namedBy } from './looked-up.ts'
import type { ListedElement, SetName } from './set.ts'
import type { Verdict } from './types.ts'

/** Jumps within jumps (the kernel allows 16); what one rule stands for, and all of them: more is a list of strangers. */
const DEEPEST = 8
const MOST_ELEMENTS = 256
const MOST = 5000
/** A rule that drops with a rule before it that accepts, of those that no walk reached. */
const MOST_COMPARED = 200_000

export interface Ruleset {
  /** Of one family, in the order in which the kernel tells them. */
  readonly rules: readonly Rule[]
  /** Where a chain hooks in; null: others jump to it. */
  hookOf(table: string, chain: string): number | null
  /** Null: not known. */
  elementsOf(set: SetName): readonly ListedElement[] | null
}
export interface FoundDrop extends Dropped {
  readonly rule: Rule
  readonly hook: number | null
  /** A rule before it accepts what it names; or there are too many to say. */
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
  /** Of no first packet from elsewhere. */
  readonly late?: boolean
}

const keyOf = ({ table, chain }: Pick<Rule, 'table' | 'chain'>): string => `${table} ${chain}`

/** Each rule that drops, or refuses, at least once. */
export function dropsIn(ruleset: Ruleset): FoundDrop[] {
  const chains = new Map<string, Rule[]>()
  for (const rule of ruleset.rules) {
    const chain = chains.get(keyOf(rule))
    if (chain) chain.push(rule)
    else chains.set(keyOf(rule), [rule])
  }
  const walk = new Walk(ruleset, chains)
  for (const [key, [first]] of chains) {
    const hook = first ? ruleset.hookOf(first.table, first.chain) : null
    if (first && hook !== null) walk.chain(key, { said: NOTHING, hook, from: first.chain, depth: 0, accepts: [] })
  }
  const reached = new Set(walk.found.map(({ rule }) => rule))
  const patience = { left: MOST_COMPARED }
  const others = [...chains.values()].flatMap((rules) => alone(ruleset, rules, reached, patience))
  return [...walk.found, ...others]
}
const NOTHING: Dropped = { more: false, packets: null }

/** By what each says itself, of those that were not reached. */
function alone(
  ruleset: Ruleset,
  rules: readonly Rule[],
  reached: ReadonlySet<Rule>,
  patience: { left: number },
): FoundDrop[] {
  const accepts: Dropped[] = []
  return rules.flatMap((rule): FoundDrop[] => {
    const dropped = reached.has(rule) ? null : droppedBy(rule)
    const accepted = dropped === null && !isLateRule(rule.expressions) ? acceptedBy(rule) : null
    if (accepted) accepts.push(accepted)
    if (!dropped) return []
    if (NAMES.some((name) => dropped[name] !== undefined)) patience.left -= accepts.length
    const behind = patience.left < 0 || accepts.some((one) => isBehind(dropped, one))
    return [{ ...dropped, rule, hook: ruleset.hookOf(rule.table, rule.chain), behind }]
  })
}

interface Place {
  readonly said: Dropped
  readonly hook: number
  readonly from: string
  readonly depth: number
  readonly set?: string
  readonly late?: boolean
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

  #go(rule: Rule, way: Way, place: Place): void {
    const both = together(place.said, way.said)
    const { verdict } = way
    if (both === null || verdict === null) return
    const [by, late] = [way.set ?? place.set, way.late === true || place.late === true]
    const before = { accept: place.accepts, return: place.returned }[verdict.verdict as string]
    if (before && !late) before.push(both)
    else if (verdict.chain !== undefined && place.depth < DEEPEST)
      this.chain(keyOf({ ...rule, chain: verdict.chain }), {
        ...{ ...place, said: both, late, depth: place.depth + 1 },
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
  const isTwo = one.notBy !== undefined && other.notBy !== undefined && one.notBy !== other.notBy
  return { ...one, ...other, more: one.more || other.more || isTwo }
}

const DROP: Verdict = { verdict: 'drop' }
const ACCEPT: Verdict = { verdict: 'accept' }
function waysOf(rule: Rule, ruleset: Ruleset): readonly Way[] {
  const { expressions } = rule
  const ends = expressions.find((one) => one.kind === 'verdict')
  const isEnd = expressions.some((one) => isRefusal(one) || isRedirect(one))
  const verdict = isEnd ? DROP : ends?.kind === 'verdict' ? ends.verdict : null
  const said = askedBy(expressions.filter(({ kind }) => kind !== 'lookup'))
  let ways: readonly Way[] = [{ said, verdict, ...(isLateRule(expressions) ? { late: true } : {}) }]
  for (const [at, one] of expressions.entries())
    if (one.kind === 'lookup') {
      const options = optionsOf(rule, at, one, ruleset)
      const all = ways.length * options.length > MOST_ELEMENTS ? [unnamed(one)] : options
      ways = ways.flatMap((way) => all.flatMap((option) => narrowed(way, option)))
    }
  return ways
}
/** What a set, or a map, may have found. */
interface Option {
  readonly found: Found
  /** Of a map. */
  readonly verdict?: Verdict | null
  readonly set?: string
  readonly late?: true
}
/** Perhaps a map accepts it: a rule behind it is not accused then. */
const unnamed = ({ verdicts }: Lookup): Option => ({
  found: { more: true },
  ...(verdicts ? { verdict: ACCEPT } : {}),
})
type Lookup = Extract<Expression, { kind: 'lookup' }>
function optionsOf(rule: Rule, at: number, lookup: Lookup, ruleset: Ruleset): readonly Option[] {
  const name = { family: rule.family, table: rule.table, set: lookup.set }
  const elements = lookup.inverted ? null : ruleset.elementsOf(name)
  if (!elements || elements.length > MOST_ELEMENTS) return [unnamed(lookup)]
  const loaded = rule.expressions.slice(0, at)
  // Names of sets without one are the kernel's.
  const set = lookup.set.startsWith('__') ? {} : { set: lookup.set }
  return elements.map((element): Option => {
    const found = namedBy(loaded, element)
    const verdict = lookup.verdicts ? { verdict: element.verdict ?? null } : {}
    const late = isLate(loaded.at(-1), element.key) ? { late: true as const } : {}
    return { found, ...verdict, ...late, ...(NAMES.some((one) => found[one] !== undefined) ? set : {}) }
  })
}
function narrowed(way: Way, { found, ...option }: Option): Way[] {
  const said = together(way.said, { more: false, packets: way.said.packets, ...found })
  return said ? [{ ...way, ...option, said }] : []
}
