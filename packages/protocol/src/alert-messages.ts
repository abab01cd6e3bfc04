/**
 * What agents tell each other of alerts: what is wrong at each, and whom it told of what; and how one keeps that over its restarts.
 * Whoever hears it could go on telling, should the teller die.
 */
import { plainLine } from '@lvsm/base'
import * as z from 'zod'
import { cut } from './cut.ts'
import { LONGEST_NAME } from './http/routes.ts'
import { severityWord } from './http/status.ts'
import { encodeSummed, readSummed } from './json.ts'

const text = (longest: number) => z.string().transform((value) => cut(plainLine(value), longest))
const name = z.string().max(LONGEST_NAME)
const count = z.number().min(0).max(Number.MAX_SAFE_INTEGER)
const LONGEST_OBJECT = 100
export const LONGEST_SUMMARY = 240
export const LONGEST_MEANS = 300
export const LONGEST_NEXT = 500
export const LONGEST_CLUE = 120
const MOST = 256

const about = {
  /** Code of the trouble. */
  code: name.transform(plainLine),
  /** `node dir2`, `group web`, `service http`. */
  object: text(LONGEST_OBJECT),
  severity: severityWord,
  summary: text(LONGEST_SUMMARY),
}
/** Something is wrong; one of all that has the same cause. */
export const saidCause = z.object({
  ...about,
  /** What comes of it, and what to do, as `lvsm status` says it; not there: an older agent, or no room: what its kind says holds. */
  means: text(LONGEST_MEANS).exactOptional(),
  next: text(LONGEST_NEXT).exactOptional(),
  /** By which what other nodes say is known to follow from it (`withoutEchoes`). Not there: nothing does, or an older agent. */
  evidence: text(LONGEST_CLUE).exactOptional(),
})
export type CauseReport = z.infer<typeof saidCause>

export const TOLD_WORDS = ['firing', 'resolved'] as const
const toldEntry = z.object({
  ...about,
  /** Milliseconds of the wall clock of who saw it first: for people, and to know it again. */
  startedMs: count,
  /** Null: it lasts. */
  endedMs: count.nullable(),
  /** Since it began. */
  ageMs: count,
  /** Receiver → what it was told last, and how long ago; `maybe`: somebody may have told it that it began. */
  told: z.record(
    name,
    z.object({
      what: z.enum(['maybe', ...TOLD_WORDS]),
      ageMs: count,
      /** How bad it was at worst, as far as it was told. Not there: an older agent, or nobody was told yet. */
      severity: severityWord.exactOptional(),
      /** Of `maybe`: it is to be told anew, whoever told it before. Not there: an older agent, or it is not. */
      anew: z.literal(true).exactOptional(),
    }),
  ),
})
export type ToldEntry = z.infer<typeof toldEntry>

export const alertsMessage = z.object({
  kind: z.literal('alerts'),
  causes: z.array(saidCause).max(MOST),
  /** No cause was left out for want of room. */
  whole: z.boolean(),
  /** Where some were: these are of this turn through all of them. Not there: an older agent, which says the first of them again and again. */
  turn: count.exactOptional(),
  /** Receivers that it could not reach lately. */
  unable: z.array(name).max(MOST),
  told: z.array(toldEntry).max(MOST),
})
export type AlertsMessage = z.infer<typeof alertsMessage>

/** As a file of the agent's. */
const KEPT_VERSION = 1
export const LONGEST_KEPT_ALERTS = 1 << 20
export const MOST_KEPT_ALERTS = 1024
const kept = z.object({ wallMs: count, told: z.array(toldEntry).max(MOST_KEPT_ALERTS) })
export type KeptAlerts = z.infer<typeof kept>
export const encodeKeptAlerts = (value: KeptAlerts): string => encodeSummed(KEPT_VERSION, value)
/** Null: damaged, or of a newer version. Never throws. */
export const decodeKeptAlerts = (encoded: string): KeptAlerts | null =>
  readSummed<KeptAlerts>(kept, encoded, { longest: LONGEST_KEPT_ALERTS, version: KEPT_VERSION })
