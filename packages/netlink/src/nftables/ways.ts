/** What a rule does with what it names: one thing for each element of its sets and maps. */
import { covers } from '@lvsm/base'
import { askedBy, type Dropped, type Found, isHandover, isRedirect, isRefusal, NAMES } from './dropping.ts'
import type { Expression } from './expression.ts'
import { isLate, isLateRule } from './late.ts'
import { namedBy } from './looked-up.ts'
import type { Rule } from './rule.ts'
import type { ListedElement, SetName } from './set.ts'
import type { Verdict } from './types.ts'

/** What one rule stands for: more is a list of strangers. */
const MOST_ELEMENTS = 256

export interface Elements {
  /** Null: not known. */
  elementsOf(set: SetName): readonly ListedElement[] | null
}
/** One thing that a rule does with what it names. */
export interface Way {
  readonly said: Dropped
  readonly verdict: Verdict | null
  readonly set?: string
  /** Of no first packet from elsewhere. */
  readonly late?: boolean
}

/** Null: nothing is both. */
export function together(one: Dropped, other: Dropped): Dropped | null {
  const both = { ...one, ...other }
  for (const name of ['source', 'destination'] as const) {
    const [mine, yours] = [one[name], other[name]]
    if (mine === undefined || yours === undefined) continue
    if (!covers(mine, yours) && !covers(yours, mine)) return null
    both[name] = covers(mine, yours) ? yours : mine
  }
  for (const name of ['protocol', 'sourcePort', 'port', 'only'] as const)
    if (one[name] !== undefined && other[name] !== undefined && one[name] !== other[name]) return null
  const isTwo = one.notBy !== undefined && other.notBy !== undefined && one.notBy !== other.notBy
  return { ...both, more: one.more || other.more || isTwo }
}

const DROP: Verdict = { verdict: 'drop' }
const ACCEPT: Verdict = { verdict: 'accept' }
export function waysOf(rule: Rule, sets: Elements): readonly Way[] {
  const { expressions } = rule
  const ends = expressions.find((one) => one.kind === 'verdict')
  const isEnd = expressions.some((one) => isRefusal(one) || isRedirect(one))
  const isHanded = expressions.some(isHandover)
  const verdict = isEnd ? DROP : ends?.kind === 'verdict' ? ends.verdict : isHanded ? ACCEPT : null
  const said = askedBy(expressions.filter(({ kind }) => kind !== 'lookup'))
  let ways: readonly Way[] = [{ said, verdict, ...(isLateRule(expressions) ? { late: true } : {}) }]
  for (const [at, one] of expressions.entries())
    if (one.kind === 'lookup') {
      const options = optionsOf(rule, at, one, sets)
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
function optionsOf(rule: Rule, at: number, lookup: Lookup, sets: Elements): readonly Option[] {
  const name = { family: rule.family, table: rule.table, set: lookup.set }
  const elements = lookup.inverted ? null : sets.elementsOf(name)
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
