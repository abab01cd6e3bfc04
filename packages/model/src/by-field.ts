/** A configuration by its fields: what a node compares with what others say. Worked out once for each configuration, as one never changes. */
import { digest64 } from '@lvsm/base'
import type { Config } from './config.ts'
import { type Line, linesOf } from './lines.ts'

/** All objects that have a field. */
export interface Field {
  readonly lines: readonly Line[]
  /** Digest of the lines, in whatever order. */
  readonly sum: string
}

const known = new WeakMap<Config, ReadonlyMap<string, Field>>()
export function fieldsOf(config: Config): ReadonlyMap<string, Field> {
  const fields = known.get(config) ?? worked(config)
  known.set(config, fields)
  return fields
}

function worked(config: Config): Map<string, Field> {
  const by = Map.groupBy(linesOf(config), ({ field }) => field)
  return new Map([...by].map(([field, lines]) => [field, { lines, sum: digestOf(lines) }] as const))
}
const digestOf = (lines: readonly Line[]): string =>
  digest64(
    lines
      .map(({ object, value }) => `${object} ${value}`)
      .toSorted()
      .join('\n'),
  )
/** The sum of a field that nothing has. */
export const NO_LINES = digestOf([])
