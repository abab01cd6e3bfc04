/** From the text of a configuration file to a configuration, or to every fault in it. */
import type { Refusal, Warning } from '@lvsm/base'
import { completeConfig } from './complete.ts'
import { type Config, MOST } from './config.ts'
import { describePath, type Path, type Place, type ReadDocument, readDocument } from './document.ts'
import { floating, floatingAddresses } from './rules/addresses.ts'
import { counts } from './rules/counts.ts'
import { groupsOfDirectors } from './rules/groups.ts'
import { keys, timing } from './rules/keys.ts'
import { knownNames, uniqueNames } from './rules/names.ts'
import { networks } from './rules/networks.ts'
import { links, sharedLinks, voters } from './rules/nodes.ts'
import { pingNodes } from './rules/ping.ts'
import { entries, isUnread, type Rule } from './rules/rule.ts'
import { natRealservers, realserverAddresses } from './rules/realservers.ts'
import { services } from './rules/services.ts'
import type { Draft, Written } from './schema.ts'
import { checkShape, type Fault } from './shape.ts'
import { harmless } from './show.ts'
import { WARNINGS, type WarningRule } from './warnings/index.ts'

const RULES: readonly Rule[] = [
  uniqueNames,
  knownNames,
  links,
  sharedLinks,
  voters,
  floatingAddresses,
  networks,
  pingNodes,
  groupsOfDirectors,
  services,
  realserverAddresses,
  natRealservers,
  counts,
  keys,
  timing,
]

/** What compares each address with many others: of a file that has too many of them, that is all that is said. */
const COMPARING: ReadonlySet<Rule> = new Set([networks, pingNodes, services])

/** Nobody reads more; a file of another kind may have thousands. */
export const MOST_SHOWN = 50

export type CheckedConfig =
  | { readonly config: Config; readonly warnings: readonly Warning[]; readonly refusals?: never }
  | {
      readonly config?: never
      readonly warnings?: never
      /** The first of them, in the order of the file. */
      readonly refusals: readonly Refusal[]
      /** How many there are besides. */
      readonly more: number
    }

/** Checks a whole file. All faults come at once, in the order of the file, each with its place. */
export function checkConfig(text: string): CheckedConfig {
  const document = readDocument(text)
  // Text that is no YAML has no reliable shape: faults of shape would be noise.
  if (document.refusals.length > 0) return refused([...document.refusals])
  const { faults, draft } = checkShape(document.data)
  const all = [...faults, ...faultsOfRules(draft, faults)]
  if (all.length > 0)
    return refused(
      inPlace(all, document).map(
        ([fault, place]) =>
          () =>
            refusalOf(fault, place),
      ),
    )
  return { config: completeConfig(draft as Written), warnings: warningsOf(draft, document, WARNINGS) }
}

/** Of one value one fault is told, the first: others follow from it, or come at the next try. */
function faultsOfRules(draft: Draft, faults: readonly Fault[]): Fault[] {
  const told = new Set(faults.map(({ path, key }) => JSON.stringify(key === undefined ? path : [...path, key])))
  const found: Fault[] = []
  const countable =
    !faults.some(({ path, key }) => (key ?? path.at(-1)) === 'voter') &&
    !entries(draft.nodes).some(({ item }) => item.name === undefined || isUnread(item, 'voter'))
  const crowded = floating(draft).length > MOST.addresses
  for (const rule of RULES) {
    if ((rule === voters && !countable) || (crowded && COMPARING.has(rule))) continue
    rule(draft, (code, path, message, hint) => {
      const place = JSON.stringify(path)
      if (told.has(place)) return
      told.add(place)
      found.push({ code, path, message, hint })
    })
  }
  return found
}

function refused(all: readonly (Refusal | (() => Refusal))[]): CheckedConfig {
  const shown = all.slice(0, MOST_SHOWN).map((one) => (typeof one === 'function' ? one() : one))
  return { refusals: shown, more: all.length - shown.length }
}

function inPlace<T extends { readonly path: Path; readonly key?: string }>(all: readonly T[], document: ReadDocument) {
  return all
    .map((one): readonly [T, Place] => [one, document.place(one.path, one.key)])
    .toSorted(([, one], [, other]) => one.line - other.line || one.column - other.column)
}

function refusalOf({ code, path, key, message, hint }: Fault, place: Place): Refusal {
  const parts = key === undefined ? path : [...path, key]
  const field = describePath(parts.map((part) => (typeof part === 'string' ? harmless(part) : part)))
  const advice = typeof hint === 'function' ? hint() : hint
  return { code, ...(field === '' ? {} : { field }), ...place, message, ...(advice === '' ? {} : { hint: advice }) }
}

function warningsOf(draft: Draft, document: ReadDocument, rules: readonly WarningRule[]): Warning[] {
  const found: (Fault & Pick<Warning, 'severity'>)[] = []
  for (const rule of rules)
    rule(draft, (severity, code, path, message, hint) => found.push({ severity, code, path, message, hint }))
  return inPlace(found, document).map(([{ severity, ...fault }, place]) => ({ severity, ...refusalOf(fault, place) }))
}
