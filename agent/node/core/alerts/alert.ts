/** One cause as it is kept: since when, and which receiver was told what. */
import { type Instant, NEVER_BEFORE, type Severity } from '@lvsm/base'
import type { CauseReport } from '@lvsm/protocol'

export interface Telling {
  /** `maybe`: it was due, and who had to tell it did not say yet that it did. */
  readonly what: 'maybe' | 'firing' | 'resolved'
  readonly at: Instant
  /** How bad it was at worst, as far as it was told; not there: nobody knows. */
  readonly severity?: Severity
  /** Of `maybe`: it is to be told anew, whatever was told before. */
  readonly anew?: true
}
/** What comes of it, and what to do. */
export type Details = Pick<CauseReport, 'means' | 'next'>
export const detailsOf = ({ means, next }: Details): Details => ({
  ...(means === undefined ? {} : { means }),
  ...(next === undefined ? {} : { next }),
})
export interface Alert {
  readonly key: string
  readonly code: string
  readonly object: string
  severity: Severity
  summary: string
  /** As who says it said it last; what its kind says holds where nobody did. */
  details: Details
  since: Instant
  /** Wall clock of who saw it first. */
  startedMs: number
  /** Nobody says it any more since then. */
  goneAt: Instant | null
  /** The last time that nobody said it: who told may have taken it for over. */
  missedAt: Instant
  /** The end of the one before it: what was told until then is told of that one. */
  readonly notBefore: Instant
  ended: { readonly at: Instant; readonly wallMs: number } | null
  /** By receiver. */
  readonly told: Map<string, Telling>
}
export const keyOf = ({ code, object }: Pick<CauseReport, 'code' | 'object'>): string => `${code} ${object}`

/** It is back. Who has not heard that it was over knows it as firing, and hears of the new beginning. */
export function again({ told }: Alert, fresh: Alert, notBefore: Instant, now: Instant): Alert {
  const known = [...told].map(([receiver, one]): [string, Telling] => [
    receiver,
    one.what === 'resolved' ? one : { what: 'maybe', at: now },
  ])
  return { ...fresh, notBefore, told: new Map(known) }
}
/** Nobody was told that it began, or it was told to be over since. */
export const isUntold = ({ told }: Pick<Alert, 'told'>): boolean =>
  [...told.values()].every(({ what }) => what === 'resolved')

export const begin = (cause: CauseReport, now: Instant, wallMs: number): Alert => ({
  ...{ key: keyOf(cause), code: cause.code, object: cause.object, severity: cause.severity, summary: cause.summary },
  details: detailsOf(cause),
  ...{ since: now, startedMs: wallMs, goneAt: null, ended: null, told: new Map() },
  ...{ missedAt: NEVER_BEFORE, notBefore: NEVER_BEFORE },
})
