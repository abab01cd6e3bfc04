/**
 * How the connections of a director's realservers get on, as its kernel has them at one moment: who opens one and gets no further, and what
 * else was seen last. From the agent's thread that reads them (`agent/counts`).
 */
import * as z from 'zod'

const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly()

const server = z.object({
  service: z.string(),
  node: z.string(),
  /** `destKey`. */
  key: z.string(),
  /** Connections of which nothing but the client's first packet was seen (SYN_RECV). */
  opening: z.number(),
  /** Seconds until the kernel forgets them → how many. */
  openingFor: z.record(z.string(), z.number()),
  /** Of those, some of their clients: who tried last. */
  clients: list(z.string()),
  /** State of the others → seconds until the kernel forgets the youngest of them. */
  latest: z.record(z.string(), z.number()),
})
export const openingsReport = z.object({
  /** False: the table was too long to be read to its end. */
  whole: z.boolean(),
  /** Milliseconds of a processor that reading took. */
  tookMs: z.number(),
  servers: list(server),
})
export type ServerOpenings = z.infer<typeof server>
export type OpeningsReport = z.infer<typeof openingsReport>
