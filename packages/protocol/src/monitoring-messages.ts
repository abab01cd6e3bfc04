/**
 * Between an agent and its `lvsm-prober`, which listens for it: Prometheus, and whoever asks whether the node is well. A line of
 * JSON for each word, beside those of checks (`probe-messages.ts`); who listens to strangers may come to speak like one, so what comes
 * from there has bounds.
 */
import * as z from 'zod'
import { cut } from './cut.ts'
import { parseBounded } from './json.ts'
import { metricsQuery } from './http/counts.ts'
import { LONGEST_PROBE_ANSWER, LONGEST_PROBE_JOB } from './probe-messages.ts'

/** Why not; empty: it is so. */
const why = z.string()
const facts = z.object({
  /** Do the processes of the node work? */
  alive: why,
  /** Could it serve, or does it? */
  ready: why,
  /** Group → does this node own it. All of the configuration. */
  owners: z.record(z.string(), z.boolean()),
})
export type WellFacts = Readonly<z.infer<typeof facts>>

const toListener = z.union([
  z.object({ listen: z.object({ address: z.string(), port: z.int() }).nullable() }),
  z.object({ facts }),
  /** A piece of an answer; `status` of HTTP. */
  z.object({ scraped: z.int(), status: z.int(), part: z.string(), isLast: z.boolean() }),
])
export type ToListener = Readonly<z.infer<typeof toListener>>

const LONGEST_FAULT = 200
const fromListener = z.union([
  /** Null: it listens, or need not. */
  z.object({
    unheard: z
      .string()
      .transform((text) => cut(text, LONGEST_FAULT))
      .nullable(),
  }),
  z.object({ scrape: z.int().min(1), wanted: metricsQuery }),
])
export type FromListener = Readonly<z.infer<typeof fromListener>>

/** UTF-16 units of a piece: escaped as JSON it is at most six times as long. */
export const SCRAPE_PART = 40_000

export const listenerLine = (word: ToListener | FromListener): string => `${JSON.stringify(word)}\n`
export const readToListener = (line: string): ToListener | null =>
  toListener.safeParse(parseBounded(line, LONGEST_PROBE_JOB)).data ?? null
export const readFromListener = (line: string): FromListener | null =>
  fromListener.safeParse(parseBounded(line, LONGEST_PROBE_ANSWER)).data ?? null
