/** What is said of a verdict on a realserver beside the verdict: by a director of its destination, and by a status. */
import * as z from 'zod'

/** What a verdict on a realserver is made of, where that is no answer to its check as it is now: an earlier one, or the table that an agent found. */
export const BASES = ['earlier-check', 'table', 'nothing', 'no-check'] as const
/** Why one whose check fails stays in the table: nobody else is left, no more may be out at once, or so many fail that all serve. */
export const KEPT_FOR = ['last', 'cap', 'panic'] as const
export type Basis = (typeof BASES)[number]
export type KeptFor = (typeof KEPT_FOR)[number]

/** Of a destination, as its director says it and as a status shows it. */
export const verdictParts = {
  /** It is healthy, and its check warns (exit code 1 of a plugin); not there: it does not. */
  degraded: z.boolean().exactOptional(),
  /** Not there: the answers of its check as it is now; an older agent does not tell it. */
  basis: z.enum(BASES).catch('nothing').exactOptional(),
  /** For so many milliseconds its check has told nothing, and its verdict is that of before; not there: it answers, or an older agent does not tell. */
  unansweredMs: z.number().min(0).max(Number.MAX_SAFE_INTEGER).exactOptional(),
  /** Not there: its check does not fail, it is out, or an older agent says nothing of it. */
  kept: z.enum(KEPT_FOR).catch('last').exactOptional(),
  /** It had as many connections as it may, and takes new ones again only when some of them are over; not there: no. */
  full: z.boolean().exactOptional(),
} as const
