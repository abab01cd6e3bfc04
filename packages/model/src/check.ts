/** From the text of a configuration file to a configuration, or to every fault in it. */
import type { Refusal, Warning } from '@lvsm/base'
import type { Config } from './config.ts'
import { type Path, type Place, type ReadDocument, readDocument } from './document.ts'
import { judge, sentenceOf } from './judge.ts'
import type { Written } from './schema.ts'

/** Nobody reads more; a file of another kind may have thousands. */
export const MOST_SHOWN = 50

export type CheckedConfig =
  | {
      readonly config: Config
      /** The file as it was written, with nothing filled in. */
      readonly written: Written
      readonly warnings: readonly Warning[]
      readonly refusals?: never
    }
  | {
      readonly config?: never
      readonly written?: never
      readonly warnings?: never
      /** The first of them, in the order of the file. */
      readonly refusals: readonly Refusal[]
      /** How many there are besides. */
      readonly more: number
    }

/** Every fault of the file, each with its place. */
export function checkConfig(text: string): CheckedConfig {
  const document = readDocument(text)
  // Text that is no YAML has no reliable shape: faults of shape would be noise.
  if (document.refusals.length > 0) return refused(document.refusals, (one) => one)
  const { config, written, warnings, faults } = judge(document.data)
  if (faults) return refused(inPlace(faults, document), ([fault, place]) => ({ ...sentenceOf(fault), ...place }))
  const placed = inPlace(warnings, document)
  return {
    config,
    written,
    warnings: placed.map(([remark, place]) => ({ severity: remark.severity, ...sentenceOf(remark), ...place })),
  }
}

function refused<T>(all: readonly T[], tell: (one: T) => Refusal): CheckedConfig {
  const shown = all.slice(0, MOST_SHOWN).map(tell)
  return { refusals: shown, more: all.length - shown.length }
}

function inPlace<T extends { readonly path: Path; readonly key?: string }>(all: readonly T[], document: ReadDocument) {
  return all
    .map((one): readonly [T, Place] => [one, document.place(one.path, one.key)])
    .toSorted(([, one], [, other]) => one.line - other.line || one.column - other.column)
}
