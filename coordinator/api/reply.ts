/** What is answered, before anybody makes bytes of it. */
import type { Refusal } from '@lvsm/base'
import { linesOf } from '@lvsm/changes'
import type { ConfigRefused, Difference, DifferenceLine } from '@lvsm/protocol'
import type { NotDone } from '../configuration.ts'

/** Statuses: `http/config-routes.ts` of the protocol says what each means. */
export interface Reply {
  readonly status: number
  readonly body: unknown
  /** Of the document that the answer is about: its entity tag. */
  readonly revision?: number
  readonly headers?: Readonly<Record<string, string>>
}

export const ok = (body: unknown, revision?: number): Reply => ({
  status: 200,
  body,
  ...(revision === undefined ? {} : { revision }),
})

export const refusedWith = (
  status: number,
  refusals: readonly Refusal[],
  since?: readonly Difference[],
): Reply & { readonly body: ConfigRefused } => ({
  status,
  body: {
    refusals: refusals.map(refusalOf),
    ...(since === undefined ? {} : { since: { change: since, lines: linesOf(since) } }),
  },
})
/** Without what belongs to a warning alone. */
const refusalOf = ({ code, field, line, column, message, hint }: Refusal): Refusal => ({
  code,
  ...(field === undefined ? {} : { field }),
  ...(line === undefined ? {} : { line }),
  ...(column === undefined ? {} : { column }),
  message,
  ...(hint === undefined ? {} : { hint }),
})

/** It cannot be said, or done, now: no majority of coordinators is there, for example. */
export const notNow = ({ refusal }: NotDone): Reply => refusedWith(503, [refusal])

/** What the rules say against it: of a stale write with what changed since, so that its author can look. */
export const against = (refusals: readonly Refusal[], since?: readonly Difference[]): Reply =>
  refusedWith(STATUS_OF[refusals[0]?.code ?? ''] ?? 422, refusals, since)

const STATUS_OF: Readonly<Record<string, number>> = { 'stale-revision': 409, 'unknown-revision': 404 }

export const differencesOf = (
  change: readonly Difference[],
): { readonly change: readonly Difference[]; readonly lines: readonly DifferenceLine[] } => ({
  change,
  lines: linesOf(change),
})
