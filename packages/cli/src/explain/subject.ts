/** What is explained, from what, and what an explanation has. */
import { type HistoryEvent, judge, type NodeTrouble, type Status } from '@lvsm/protocol'

export type Kind = 'group' | 'service' | 'node'

export interface Subject {
  readonly kind: Kind
  readonly name: string
}
/** What is known; `events` the oldest first. */
export interface Known {
  readonly status: Status
  readonly events: readonly HistoryEvent[]
}
export interface Explained {
  readonly what: string
  /** By the wall clock of the node that says so; null: nobody remembers. */
  readonly since: string | null
  readonly why: string
  /** What would change it: a failure that it would not survive, or what an operator would do. */
  readonly change: readonly string[]
}
export interface Evidence {
  readonly node: string
  readonly text: string
}
export interface Explanation extends Subject, Explained {
  readonly evidence: readonly Evidence[]
}

/** Hints of what is critical: the next step. */
export const nextSteps = (troubles: readonly NodeTrouble[]): string[] =>
  troubles
    .filter(({ severity, hint }) => severity === 'critical' && hint !== undefined)
    .map(({ node, message, hint }) => `${node}: ${message}: ${hint}`)

/** What could not move, or would be lost, in the words of `lvsm status`. */
export const standingOf = (status: Status, group: string): readonly string[] => {
  const { unmovable, unknown } = judge({ ...status, groups: status.groups.filter(({ name }) => name === group) })
  return [
    ...unmovable,
    ...unknown
      .filter((text) => /^(who could take|whether \S+ survives) /.test(text))
      .map((text) => `not known: ${text}`),
  ]
}
