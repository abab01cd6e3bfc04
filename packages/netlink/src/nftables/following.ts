/**
 * What rules drop together: one that drops in a chain that others jump to asks for what the jump asks, too; a set stands for each of its elements, and
 * a map from keys to verdicts for a rule of each. Only what is named so is added: the rest is said of each rule by itself (`droppedBy`).
 */
import { acceptedBy, type Dropped, droppedBy, isBehind, NAMES } from './dropping.ts'
import { isLateRule } from './late.ts'
import type { Rule } from './rule.ts'
import { type Elements, together, type Way, waysOf } from './ways.ts'

/** Jumps within jumps (the kernel allows 16); and what all rules together stand for: more is a list of strangers. */
const DEEPEST = 8
const MOST = 5000
/** Whoever lets in more than that is told of nothing that it keeps out. */
const MOST_ACCEPTS = 300
/** More is a list of who may. */
const MOST_LETTING = 50
/** A rule that drops with a rule before it that accepts, of those that no walk reached. */
const MOST_COMPARED = 200_000

export interface Ruleset extends Elements {
  /** Of one family, in the order in which the kernel tells them. */
  readonly rules: readonly Rule[]
  /** Where a chain hooks in; null: others jump to it. */
  hookOf(table: string, chain: string): number | null
  /** Chains that hook in, and drop what comes to their end. */
  readonly dropping?: readonly Pick<Rule, 'table' | 'chain'>[]
}
export interface FoundDrop extends Dropped {
  readonly rule: Rule
  readonly hook: number | null
  /** A rule before it accepts what it names; or there are too many to say. */
  readonly behind: boolean
  /** By what, where it names a port and these are few: more than what it names, or less. */
  readonly lets?: readonly Accepted[]
  /** The chain by which it is reached, where that is another one. */
  readonly from?: string
  /** The set that has what is named. */
  readonly set?: string
}
/** What drops, or refuses, all the rest that comes to it: the policy of a chain, or a rule that names no port. */
export interface End {
  readonly table: string
  readonly chain: string
  /** Null: the policy. */
  readonly rule: Rule | null
  readonly hook: number
  readonly from?: string
  /** What it names. */
  readonly said: Dropped
  /** What does not come to it, of a first packet or (late) of any other. */
  readonly accepts: readonly Accepted[]
}
export interface Accepted extends Dropped {
  readonly late?: true
}
const keyOf = ({ table, chain }: Pick<Rule, 'table' | 'chain'>): string => `${table} ${chain}`

/** Each rule that drops, or refuses, at least once; and what drops the rest. */
export function dropsIn(ruleset: Ruleset): { readonly drops: FoundDrop[]; readonly ends: readonly End[] } {
  const chains = new Map<string, Rule[]>()
  for (const rule of ruleset.rules) {
    const chain = chains.get(keyOf(rule))
    if (chain) chain.push(rule)
    else chains.set(keyOf(rule), [rule])
  }
  const walk = new Walk(ruleset, chains)
  for (const [first] of chains.values()) {
    const hook = first ? ruleset.hookOf(first.table, first.chain) : null
    if (first && hook !== null) walk.base(first, hook)
  }
  for (const one of ruleset.dropping ?? []) {
    const hook = ruleset.hookOf(one.table, one.chain)
    if (!chains.has(keyOf(one)) && hook !== null) walk.base(one, hook)
  }
  const reached = new Set(walk.found.map(({ rule }) => rule))
  const patience = { left: MOST_COMPARED }
  const others = [...chains.values()].flatMap((rules) => alone(ruleset, rules, reached, patience))
  return { drops: [...walk.found, ...others], ends: walk.ends() }
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
  readonly accepts: Accepted[]
  /** What went back from this chain before: the rest of it does not see that. */
  readonly returned?: Accepted[]
  /** What went back from chains that jumped to this one. */
  readonly passed?: readonly Accepted[]
}
class Walk {
  readonly found: FoundDrop[] = []
  readonly #ruleset: Ruleset
  readonly #chains: ReadonlyMap<string, readonly Rule[]>
  readonly #ways = new Map<Rule, readonly Way[]>()
  readonly #ends: End[] = []
  #steps = 0

  constructor(ruleset: Ruleset, chains: ReadonlyMap<string, readonly Rule[]>) {
    this.#ruleset = ruleset
    this.#chains = chains
  }

  base({ table, chain }: Pick<Rule, 'table' | 'chain'>, hook: number): void {
    const place: Place = { said: NOTHING, hook, from: chain, depth: 0, accepts: [] }
    this.chain(keyOf({ table, chain }), place)
    if (this.#ruleset.dropping?.some((one) => one.table === table && one.chain === chain))
      this.#end({ table, chain, rule: null, hook, said: NOTHING, accepts: place.accepts })
  }
  /** Of more than was looked at nobody knows what is let in. */
  ends(): readonly End[] {
    return this.#steps > MOST ? [] : this.#ends
  }
  #end(end: End): void {
    if (end.accepts.length <= MOST_ACCEPTS) this.#ends.push({ ...end, accepts: [...end.accepts] })
  }

  chain(key: string, from: Place): void {
    const place = { ...from, returned: [], passed: [...(from.passed ?? []), ...(from.returned ?? [])] }
    for (const rule of this.#chains.get(key) ?? [])
      for (const way of this.#waysOf(rule)) if (++this.#steps <= MOST) this.#go(rule, way, place)
  }

  #go(rule: Rule, way: Way, place: Place): void {
    const both = together(place.said, way.said)
    const { verdict } = way
    if (both === null || verdict === null) return
    const [by, late] = [way.set ?? place.set, way.late === true || place.late === true]
    const before = { accept: place.accepts, return: place.returned }[verdict.verdict as string]
    if (before) before.push({ ...both, ...(late ? { late } : {}) })
    else if (verdict.chain !== undefined) {
      if (place.depth >= DEEPEST) place.accepts.push({ ...both, more: true })
      else
        this.chain(keyOf({ ...rule, chain: verdict.chain }), {
          ...{ ...place, said: both, late, depth: place.depth + 1 },
          ...(by === undefined ? {} : { set: by }),
        })
      // What goes there does not come back: nothing that stands behind it in this chain drops it.
      if (verdict.verdict === 'goto') place.returned?.push(both)
    } else if (verdict.verdict === 'drop') this.#drop(rule, both, place, by)
  }
  #drop(rule: Rule, said: Dropped, place: Place, by: string | undefined): void {
    const { hook, accepts, returned = [], passed = [] } = place
    const before = [...accepts, ...passed, ...returned]
    const from = place.from === rule.chain ? {} : { from: place.from }
    const letting = before.filter((one) => one.late !== true && isBehind(said, one))
    const behind = letting.length > 0
    const isKnown = behind && said.port !== undefined && letting.length <= MOST_LETTING
    const isNamed = NAMES.some((name) => said[name] !== undefined)
    const more = { ...(isKnown ? { lets: letting } : {}), ...(by === undefined ? {} : { set: by }) }
    if (isNamed) this.found.push({ ...said, rule, hook, behind, ...from, ...more })
    if (said.more || place.late || said.port !== undefined || (isNamed && !behind)) return
    this.#end({ ...{ table: rule.table, chain: rule.chain, rule, hook, said, accepts: before }, ...from })
    // Nothing comes to what stands behind it: in its chain, and where nothing went back before, anywhere.
    const isAll = !isNamed && [said.only, said.local, said.notBy].every((one) => one === undefined)
    if (isAll) (returned.length + passed.length === 0 ? accepts : returned).push(said)
  }
  #waysOf(rule: Rule): readonly Way[] {
    const known = this.#ways.get(rule) ?? waysOf(rule, this.#ruleset)
    this.#ways.set(rule, known)
    return known
  }
}
