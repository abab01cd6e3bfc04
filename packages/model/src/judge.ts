/** What a configuration means, or all that is wrong with it, whatever wrote it: a file, or a command that changed another. */
import type { Warning } from '@lvsm/base'
import { completeConfig } from './complete.ts'
import { type Config, MOST } from './config.ts'
import { describePath } from './document.ts'
import { floating, floatingAddresses } from './rules/addresses.ts'
import { counts } from './rules/counts.ts'
import { groupsOfDirectors, hooks } from './rules/groups.ts'
import { keys, timing } from './rules/keys.ts'
import { knownNames, uniqueNames } from './rules/names.ts'
import { networks } from './rules/networks.ts'
import { linkFamilies, links, sharedLinks, voters } from './rules/nodes.ts'
import { monitoring } from './rules/monitoring.ts'
import { pingNodes } from './rules/ping.ts'
import { pools } from './rules/pools.ts'
import { entries, isUnread, type Rule } from './rules/rule.ts'
import { localDelivery } from './rules/local.ts'
import { natRealservers } from './rules/gateways.ts'
import { realserverAddresses } from './rules/realservers.ts'
import { ipvsTimeouts } from './rules/service-options.ts'
import { placements } from './rules/placements.ts'
import { services } from './rules/services.ts'
import { tracks } from './rules/track.ts'
import { receivers } from './rules/receivers.ts'
import { sync } from './rules/sync.ts'
import type { Draft, Written } from './schema.ts'
import { checkShape, type Fault } from './shape.ts'
import { harmless } from './show.ts'
import { WARNINGS } from './warnings/index.ts'

const RULES: readonly Rule[] = [
  uniqueNames,
  knownNames,
  links,
  linkFamilies,
  sharedLinks,
  voters,
  floatingAddresses,
  networks,
  pingNodes,
  groupsOfDirectors,
  hooks,
  pools,
  // Where a pool serves two groups, that is what is wrong, and not the gateway that it would lack in one of them.
  natRealservers,
  localDelivery,
  services,
  tracks,
  placements,
  ipvsTimeouts,
  realserverAddresses,
  counts,
  keys,
  timing,
  sync,
  monitoring,
  receivers,
]

/** What compares each address with many others: of a file that has too many of them, that is all that is said. */
const COMPARING: ReadonlySet<Rule> = new Set([networks, pingNodes, services])

/** Of what was accepted: it works, and is probably not what its author wants. */
export type Remark = Fault & Pick<Warning, 'severity'>

export type Judged =
  | {
      readonly config: Config
      /** As it was written, with nothing filled in. */
      readonly written: Written
      readonly warnings: readonly Remark[]
      readonly faults?: never
    }
  | { readonly faults: readonly Fault[]; readonly config?: never; readonly written?: never; readonly warnings?: never }

/** `data`: plain values, as a parser of YAML or JSON gives them. */
export function judge(data: unknown): Judged {
  const { faults, draft } = checkShape(data)
  const all = [...faults, ...faultsOfRules(draft, faults)]
  if (all.length > 0) return { faults: all }
  const written = draft as Written
  return { config: completeConfig(written), written, warnings: remarksOn(draft) }
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

function remarksOn(draft: Draft): Remark[] {
  const found: Remark[] = []
  // Of what services share each tells the same.
  const told = new Set<string>()
  for (const rule of WARNINGS)
    rule(draft, (severity, code, path, message, hint) => {
      const same = JSON.stringify([code, path, message])
      if (told.has(same)) return
      told.add(same)
      found.push({ severity, code, path, message, hint })
    })
  return found
}

/** The fault in the words of a refusal; `words` are those of its place, as in a file when none are given. */
export function sentenceOf({ code, path, key, message, hint }: Fault, words: string | null = null) {
  const parts = key === undefined ? path : [...path, key]
  const field = words ?? describePath(parts.map((part) => (typeof part === 'string' ? harmless(part) : part)))
  const advice = typeof hint === 'function' ? hint() : hint
  return { code, ...(field === '' ? {} : { field }), message, ...(advice === '' ? {} : { hint: advice }) }
}
