/** How realservers are checked. */
import type * as z from 'zod'

/** What a prober must be able to do. */
export type ProbeKind = 'connect'

/** Key → value of the keys that one type of check has alone, by the schemas of its row. */
export type CheckKeys = Readonly<Record<string, unknown>>

export interface CheckRow {
  /** Null: nothing is asked, the realserver is always taken for healthy. */
  readonly probe: ProbeKind | null
  /** Keys of this type alone, beside interval, timeout, fall, rise and keep-last: all of them optional. */
  readonly fields: Readonly<Record<string, z.ZodType>>
  /** What it finds out, for whoever used a key of another type. */
  readonly hint: string
}

export const CHECKS = {
  tcp: { probe: 'connect', fields: {}, hint: 'a tcp check finds out whether somebody accepts connections' },
  none: { probe: null, fields: {}, hint: 'a check of type none asks nobody' },
} as const satisfies Readonly<Record<string, CheckRow>>

export type CheckType = keyof typeof CHECKS

/** Null: not checked. */
export const probeOf = (type: CheckType): ProbeKind | null => CHECKS[type].probe
