/**
 * An event as nodes tell it to each other, and to people. What came after the first version is optional: an older node neither says nor
 * reads it.
 */
import { plainLine } from '@lvsm/base'
import * as z from 'zod'
import { cut } from '../cut.ts'
import { severityWord } from '../http/status.ts'

/** UTF-16 units. */
export const LONGEST_REASON = 300

const count = z.number().min(0).max(Number.MAX_SAFE_INTEGER)
const whole = z.int().min(0).max(Number.MAX_SAFE_INTEGER)

/** The life of the node's agent in which it was told first, and its number there: an event is the same wherever it is heard. */
const origin = z.object({ life: z.string().max(32).transform(plainLine), serial: whole.min(1) })
const details = {
  origin: origin.exactOptional(),
  /** Microseconds of the causal clock (packages/base): for the order. */
  clock: whole.exactOptional(),
  /** So long ago, as who says it knows; of what is told within seconds it is not said. */
  ageMs: count.exactOptional(),
  /** Of what is over: so long it was. */
  lastedMs: count.exactOptional(),
  /** Of a trouble. */
  code: z.string().max(100).transform(plainLine).exactOptional(),
  severity: severityWord.exactOptional(),
} as const
export const saidEvent = z.object({
  at: z.string().max(32).transform(plainLine),
  group: z.string().max(64).transform(plainLine),
  kind: z.string().max(100).transform(plainLine),
  number: count,
  reason: z.string().transform((value) => cut(plainLine(value), LONGEST_REASON)),
  ...details,
})
export type EventReport = z.infer<typeof saidEvent>
export type EventDetails = Pick<EventReport, keyof typeof details>

const historyEvent = z.object({
  /** ISO 8601, wall clock of the node that reports: for reading, never for deciding. */
  at: z.string(),
  node: z.string(),
  /** Empty where the event is about the node itself. */
  group: z.string(),
  kind: z.string(),
  number: z.number(),
  reason: z.string(),
  ...details,
})
/** In the order of cause, the newest last. */
export const eventsReport = z.object({
  events: z.array(historyEvent).readonly(),
  /** Of the last that whoever answers has heard: who asks for those after it gets what came since. */
  cursor: z.string().max(100).exactOptional(),
})
export type HistoryEvent = z.infer<typeof historyEvent>
export type Events = z.infer<typeof eventsReport>
