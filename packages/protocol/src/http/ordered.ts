/** What is answered to an order: a planned move, and maintenance of a director. */
import * as z from 'zod'

export const switchoverReport = z.object({
  group: z.string(),
  from: z.string(),
  to: z.string(),
  number: z.number(),
  tookMs: z.number(),
  /** Established connections that the new owner did not know when it was asked to take over. Not there: connections are not synchronised. */
  unknown: z.number().exactOptional(),
})
/** `already`: it was so before, by the same word. Not there: it was not, or an older agent does not tell. */
export const standbyReport = z.object({ node: z.string(), standby: z.boolean(), already: z.boolean().exactOptional() })
export type SwitchoverReport = z.infer<typeof switchoverReport>
export type StandbyReport = z.infer<typeof standbyReport>
