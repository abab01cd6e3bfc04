/** What an agent says of the checks that it makes: how each stands, and what became of one that somebody ran by hand. */
import { plainLine } from '@lvsm/base'
import * as z from 'zod'
import { foundFields } from '../probe-found.ts'

const text = z.string().transform(plainLine)
const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly()

/** Whom a check asks. */
const target = z.object({
  service: text,
  /** Name of the realserver's node. */
  server: text,
  address: text,
  port: z.number(),
  type: text,
})
/** In the reason of a check that failed on its way through IPVS, before the VIP. */
export const THROUGH_IPVS = 'asked through IPVS to'

const check = target.extend({
  group: text,
  intervalMs: z.number(),
  timeoutMs: z.number(),
  fall: z.number(),
  rise: z.number(),
  /** Null before the first result. */
  healthy: z.boolean().nullable(),
  /** Results in a row that speak against `healthy`. */
  against: z.number(),
  /** Does it serve, by its checks and the floor of its pool? */
  serving: z.boolean(),
  /** Its check failed; it serves because nobody else is left. */
  kept: z.boolean(),
  /** What an operator wants of it: serve, drain, stop. */
  intent: text,
  reason: text,
  /** Since the last result, in milliseconds; null: there was none yet. */
  ageMs: z.number().nullable(),
  /** What the verdict is made of: `answers`, the `table` that was found, an `earlier-check`, `nothing`; `no-check`. Not there: an older agent. */
  basis: text.optional(),
  /** Of one that was found: so long ago it was known to serve; null: nobody knows. */
  foundMs: z.number().nullable().optional(),
  /** It has the verdict of the same realserver in this service, of which type, figures and results are; not there: it is asked itself. */
  tracks: text.exactOptional(),
  /** What the realserver's own agent says of its socket; not there: nothing, or nobody wants to know. */
  ownView: z
    .object({ is: text, queue: z.number(), most: z.number(), load: z.number(), ageMs: z.number() })
    .exactOptional(),
  /** How it is asked, where that is to go through IPVS; not there: at its own address. */
  way: text.exactOptional(),
  ...foundFields,
})
export const checksReport = z.object({
  /** Who makes them. */
  node: text,
  revision: z.number(),
  checks: list(check),
  /** Realservers of which directors say otherwise than each other: the owner's verdict counts. Not there: an older agent. */
  differing: list(
    z.object({
      service: text,
      server: text,
      group: text,
      owner: text.nullable(),
      /** Which directors' checks found it failed, and whose did not. */
      failed: list(text),
      well: list(text),
    }),
  ).exactOptional(),
})
export type CheckReport = z.infer<typeof check>
export type ChecksReport = z.infer<typeof checksReport>

const trial = target.extend({
  /** Null: nobody knows, the probe could not be made. */
  ok: z.boolean().nullable(),
  reason: text,
  ...foundFields,
  /** What else its director knows, a line each; not there: nobody wanted it explained, or an older agent. */
  known: list(text).exactOptional(),
})
export const runCheckReport = z.object({ node: text, trials: list(trial) })
export type Trial = z.infer<typeof trial>
export type RunCheckReport = z.infer<typeof runCheckReport>
