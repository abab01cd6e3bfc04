/** What a probe found beside its verdict: how long it took, figures of plugins, and, where somebody asked for it, each step of it. */
import { plainLine } from '@lvsm/base'
import * as z from 'zod'
import { cut } from './cut.ts'

/** Letters and lines: what a stranger says has bounds wherever it goes. */
export const LONGEST_STEP = 600
export const MOST_STEPS = 48
export const MOST_FIGURES = 16
const LONGEST_LABEL = 64
const LONGEST_RANGE = 32
/** Of a weight that a script or an agent gives. */
export const MOST_WEIGHT = 65_535
export const MOST_PERCENT = 1000
/** The last moment that can be written as a date (ECMA-262, Time Values). */
const LATEST_MS = 8.64e15

const line = (longest: number) => z.string().transform((value) => cut(plainLine(value), longest))
const figure = z.object({
  label: line(LONGEST_LABEL),
  value: z.number(),
  /** As the plugin says it: s, ms, %, B, c, … */
  unit: line(LONGEST_RANGE),
  /** Ranges as the plugin says them (Monitoring Plugins Development Guidelines, Threshold and Ranges). */
  warn: line(LONGEST_RANGE).exactOptional(),
  critical: line(LONGEST_RANGE).exactOptional(),
  least: z.number().exactOptional(),
  most: z.number().exactOptional(),
})
/** One figure of a plugin's performance data. */
export type Figure = Readonly<z.infer<typeof figure>>

const step = z.object({
  /** Milliseconds since the probe began. */
  atMs: z.number().min(0),
  /** `connected`, `sent`, `received`, `tls`, `certificate`, `started`, `ended`. */
  what: line(LONGEST_RANGE),
  text: line(LONGEST_STEP),
})
export type ProbeStep = Readonly<z.infer<typeof step>>

/** What an agent on the realserver says of it (HAProxy's agent protocol). */
const agentWord = z.object({
  admin: z.enum(['ready', 'drain', 'maint']).exactOptional(),
  up: z.boolean().exactOptional(),
  /** Of its weight. */
  percent: z.number().min(0).max(MOST_PERCENT).exactOptional(),
})
export type AgentWordSaid = Readonly<z.infer<typeof agentWord>>

const capped = <Item extends z.ZodType>(item: Item, most: number) =>
  z
    .array(item)
    .transform((all) => all.slice(0, most))
    .readonly()

export const foundFields = {
  /** Milliseconds from the beginning of the probe to its verdict. */
  tookMs: z.number().min(0).exactOptional(),
  perfdata: capped(figure, MOST_FIGURES).exactOptional(),
  /** It is well, and its program warns: exit code 1 of plugins (WARNING). */
  degraded: z.boolean().exactOptional(),
  /** In place of the weight that the configuration says. */
  weight: z.int().min(0).max(MOST_WEIGHT).exactOptional(),
  agent: agentWord.exactOptional(),
  /** Of the certificate that the server showed: the end of its validity, milliseconds of the wall clock. */
  certificateUntilMs: z.number().min(0).max(LATEST_MS).exactOptional(),
  /** Only where it was asked to explain itself. */
  steps: capped(step, MOST_STEPS).exactOptional(),
}
const found = z.object(foundFields)
export type ProbeFound = Readonly<z.infer<typeof found>>
