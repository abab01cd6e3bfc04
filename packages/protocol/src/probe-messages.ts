/**
 * Between an agent and the process that asks realservers for it (`lvsm-prober`): a line of JSON for each word. Both are of one version,
 * for the agent starts its prober; but whoever asks strangers may come to speak like one, so answers have bounds.
 */
import { plainLine } from '@lvsm/base'
import * as z from 'zod'
import { cut } from './cut.ts'
import { parseBounded } from './json.ts'
import { foundFields } from './probe-found.ts'

/** UTF-16 units: a job may bring certificates with it. */
export const LONGEST_PROBE_JOB = 1 << 18
/** One that explains itself says all that was sent and heard, each within its bounds. */
export const LONGEST_PROBE_ANSWER = 1 << 17
/** Of a sentence that a verdict is explained with. */
const LONGEST_REASON = 200

const job = z.object({
  /** Comes back with the answer. */
  id: z.int().min(1),
  probe: z.string(),
  /** What the configuration says for this type of check alone. */
  keys: z.record(z.string(), z.unknown()),
  address: z.string(),
  port: z.int().min(0).max(65_535),
  /** Null: as the kernel chooses. */
  source: z.string().nullable(),
  timeoutMs: z.number().positive(),
  /** What clients ask, for programs that want to know. */
  virtual: z.object({ address: z.string(), port: z.int() }).exactOptional(),
  /** Where the server itself is asked by TCP, where an agent on it says nothing. */
  serves: z.int().min(1).max(65_535).exactOptional(),
  /** Somebody wants to know each step of it. */
  explain: z.boolean().exactOptional(),
  /** When it was due: milliseconds of the machine's monotonic clock (CLOCK_MONOTONIC), which both processes read. */
  due: z.number().exactOptional(),
})
export type ProbeJob = Readonly<z.infer<typeof job>>

/** The job of a prober that has no other, and is to show that it does not hang. */
export const AWAKE = 'awake'

const answer = z.union([
  z.object({ ready: z.literal(true) }),
  /** A program that it started is a process group, and this is its number; whoever starts a prober ends what is left of those that run. */
  z.object({ group: z.int().min(2), runs: z.boolean() }),
  z.object({
    id: z.int().min(1),
    /** Null: nobody knows, and the verdict stays as it is. */
    ok: z.boolean().nullable(),
    reason: z.string().transform((value) => probeReason(value)),
    ...foundFields,
    /** How late it was begun after it was due; where the job said when that was. */
    lateMs: z.number().min(0).exactOptional(),
    /** What is to be done on this machine, so that this kind of question can be asked here; it comes with `ok: null`. */
    lacks: z
      .string()
      .transform((value) => probeReason(value))
      .exactOptional(),
  }),
])
export type ProbeAnswer = Readonly<z.infer<typeof answer>>

/** One line, within its bounds, without what could paint: parts of it may be a stranger's words. */
export const probeReason = (text: string): string => cut(plainLine(text), LONGEST_REASON)

export const probeLine = (word: ProbeJob | ProbeAnswer): string => `${JSON.stringify(word)}\n`

const read = <T>(schema: z.ZodType<T>, line: string, longest: number): T | null =>
  schema.safeParse(parseBounded(line, longest)).data ?? null
export const readProbeJob = (line: string): ProbeJob | null => read(job, line, LONGEST_PROBE_JOB)
/** Of an answer that cannot be read: which job it is to; null: none. */
export const unreadAnswerTo = (line: string): number | null =>
  read(z.object({ id: z.int().min(1) }), line, LONGEST_PROBE_ANSWER)?.id ?? null
export const readProbeAnswer = (line: string): ProbeAnswer | null => read(answer, line, LONGEST_PROBE_ANSWER)
