/** What is explained, from what, and what an explanation has. */
import { type HistoryEvent, judge, type NodeTrouble, type RecordedReport, type Status, suppose } from '@lvsm/protocol'

export const KINDS = ['group', 'service', 'node', 'server'] as const
export type Kind = (typeof KINDS)[number]

export interface Subject {
  readonly kind: Kind
  readonly name: string
}
/** What is known; `events` the oldest first. */
export interface Known {
  readonly status: Status
  readonly events: readonly HistoryEvent[]
  /** Of a moment that is past: what else the node recorded that tells of it. */
  readonly past?: Past
}
export interface Past extends Pick<NonNullable<RecordedReport['found']>, 'own' | 'happened'> {
  readonly node: string
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

/** The hint of each that has one; of several that have the same one, once. */
export function hintsOf(troubles: readonly NodeTrouble[]): string[] {
  const hinted = troubles.filter(({ hint }) => hint !== undefined)
  return [...new Set(hinted.map(({ hint }) => hint))].map((hint) => {
    const said = hinted.filter((one) => one.hint === hint).map(({ node, message }) => `${node}: ${message}`)
    return `${said.join('; ')}: ${hint}`
  })
}

/** Hints of what is critical: the next step. */
export const nextSteps = (troubles: readonly NodeTrouble[]): string[] =>
  hintsOf(troubles.filter(({ severity, pastMs }) => severity === 'critical' && pastMs === undefined))

/** Who would have it if its owner died; null: nobody, or that is not known, as `reason` says. */
export function afterOwner(status: Status, group: string): { readonly next: string | null; readonly reason: string } {
  const owner = status.groups.find(({ name }) => name === group)?.owner ?? null
  const dead = owner === null ? [] : [owner]
  const then = suppose(status, { dead, failed: [] }, (_, service) => service).groups.find(({ name }) => name === group)
  return { next: then?.owner ?? null, reason: then?.reason ?? '' }
}

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
