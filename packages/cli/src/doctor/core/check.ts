/** One check of `lvsm doctor`: a row of packages/plan/TRAPS.md, or several, and how it is seen on a machine. */
import type { Severity } from '@lvsm/base'
import type { Fix, MachineFacts } from '@lvsm/protocol'
import type { Part } from './part.ts'
import type { Settings } from './settings.ts'

export interface Seen {
  readonly severity: Severity
  /** It harms nothing before the next boot. */
  readonly atBoot?: true
  readonly object: string
  readonly message: string
  readonly evidence: readonly string[]
  /** In place of what the check says in general. */
  readonly mend?: string
  /** Nothing: what would help is not safe without somebody who knows what it is for. */
  readonly fixes?: readonly Fix[]
}

export interface Site {
  readonly facts: MachineFacts
  readonly part: Part
  readonly settings: Settings
}

export interface Check {
  /** Stable, for scripts and for `lvsm doctor explain`. */
  readonly name: string
  /** Of packages/plan/TRAPS.md. */
  readonly rows: readonly number[]
  readonly title: string
  /** How it shows. */
  readonly symptom: string
  readonly why: string
  readonly mend: string
  look(site: Site): readonly Seen[]
}
