/**
 * Between an agent and its `lvsm-prober`, which listens for it: Prometheus, whoever asks whether the node is well, and HAProxy. A line of
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
/** What HAProxy is told of one service of this node (HAProxy, configuration.txt, agent-check). */
const agentFact = z.object({
  service: z.string(),
  admin: z.enum(['ready', 'drain', 'maint']),
  /** Null: whether it serves is known here by nothing but who listens. */
  up: z.boolean().nullable(),
  /** Of its weight, 1 to 100. */
  percent: z.int(),
  /** Why it is not up; empty: it is. */
  why,
  /** Where a server has to listen; null: that cannot be told. */
  listens: z
    .object({ protocol: z.enum(['tcp', 'udp']), port: z.int(), addresses: z.array(z.string()).readonly() })
    .nullable(),
})
export type AgentFact = Readonly<z.infer<typeof agentFact>>
const facts = z.object({
  /** Do the processes of the node work? */
  alive: why,
  /** Could it serve, or does it? */
  ready: why,
  /** Group → does this node own it. All of the configuration. */
  owners: z.record(z.string(), z.boolean()),
})
export interface WellFacts extends Readonly<z.infer<typeof facts>> {
  /** Services of this node, told for themselves; not there: nobody asks for them. */
  readonly agent?: readonly AgentFact[]
}
/** So many of them in one line. */
export const AGENT_FACTS = 100

const place = z.object({ address: z.string(), port: z.int() }).nullable()
const toListener = z.union([
  z.object({ listen: place }),
  /** As an agent of HAProxy's. */
  z.object({ agentListen: place }),
  z.object({ facts }),
  /** A piece of what HAProxy is told. */
  z.object({ agent: z.array(agentFact), isLast: z.boolean() }),
  /** A piece of an answer; `status` of HTTP. */
  z.object({ scraped: z.int(), status: z.int(), part: z.string(), isLast: z.boolean() }),
])
export type ToListener = Readonly<z.infer<typeof toListener>>

const LONGEST_FAULT = 200
/** Null: it listens, or need not. */
const fault = z
  .string()
  .transform((text) => cut(text, LONGEST_FAULT))
  .nullable()
const fromListener = z.union([
  z.object({ unheard: fault }),
  z.object({ agentUnheard: fault }),
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
