/** From the text of a configuration file to a configuration, or to every fault in it. */
import type { Refusal } from '@lvsm/base'
import { completeConfig } from './complete.ts'
import type { Config } from './config.ts'
import { describePath, type Path, readDocument } from './document.ts'
import { floatingAddresses } from './rules/addresses.ts'
import { groupsOfDirectors } from './rules/groups.ts'
import { keys, timing } from './rules/keys.ts'
import { knownNames, uniqueNames } from './rules/names.ts'
import { links, sharedLinks, voters } from './rules/nodes.ts'
import { pingNodes } from './rules/ping.ts'
import type { Rule } from './rules/rule.ts'
import { natRealservers } from './rules/realservers.ts'
import { services } from './rules/services.ts'
import type { Written } from './schema.ts'
import { checkShape, type Fault } from './shape.ts'

const RULES: readonly Rule[] = [
  uniqueNames,
  knownNames,
  links,
  sharedLinks,
  voters,
  floatingAddresses,
  pingNodes,
  groupsOfDirectors,
  services,
  natRealservers,
  keys,
  timing,
]

export type CheckedConfig =
  | { readonly config: Config; readonly refusals?: never }
  | { readonly config?: never; readonly refusals: readonly Refusal[] }

/** Checks a whole file. All faults come at once, in the order of the file, each with its place. */
export function checkConfig(text: string): CheckedConfig {
  const document = readDocument(text)
  // Text that is no YAML has no reliable shape: faults of shape would be noise.
  if (document.refusals.length > 0) return { refusals: inOrder(document.refusals) }
  const { faults, draft } = checkShape(document.data)
  const told = new Set(faults.map((fault) => JSON.stringify(fault.path)))
  const all: Fault[] = [...faults]
  const countable = !faults.some((fault) => fault.path.at(-1) === 'voter')
  for (const rule of RULES) {
    if (rule === voters && !countable) continue
    rule(draft, (code, path, message, hint) => {
      if (!told.has(JSON.stringify(path))) all.push({ code, path, message, hint })
    })
  }
  if (all.length === 0) return { config: completeConfig(draft as Written) }
  return { refusals: inOrder(all.map((fault) => refusalOf(fault, document.place(fault.path, fault.key)))) }
}

function refusalOf(fault: Fault, place: { readonly line: number; readonly column: number }): Refusal {
  const field = describePath(fault.key === undefined ? fault.path : ([...fault.path, fault.key] as Path))
  return {
    code: fault.code,
    ...(field === '' ? {} : { field }),
    ...place,
    message: fault.message,
    ...(fault.hint === undefined ? {} : { hint: fault.hint }),
  }
}

const inOrder = (refusals: readonly Refusal[]): Refusal[] =>
  [...refusals].sort((one, other) => (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0))
