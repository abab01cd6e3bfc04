/** What a node recorded of a moment that is past: the cluster as it knew it then, what it heard, and what had come in shortly before. */
import * as z from 'zod'
import type { NodeLife } from '../lease-status.ts'
import { statusReport } from '../http/status.ts'

const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly()
const LIVES = ['alive', 'late', 'dead', 'unknown'] as const satisfies readonly NodeLife[]
/** ISO 8601, by the wall clock of the node as it is now. */
const time = z.string()

/** Another node, as the lease process of the one that recorded heard it. */
const heard = z.object({
  name: z.string(),
  life: z.enum(LIVES).catch('unknown'),
  /** Why that is more, or less, than its heartbeats say; empty: it is not. */
  why: z.string(),
})
/** What this node did about a group. */
const part = z.object({
  group: z.string(),
  role: z.string(),
  reason: z.string(),
  /** Why it could not take the group; empty: it could; null: it is none of its directors, or nothing was said yet. */
  unready: z.string().nullable(),
})
export const ownRecord = z.object({
  /** Why the lease process could not be relied on; null: it could. */
  lease: z.string().nullable(),
  peers: list(heard),
  parts: list(part),
})
export const NO_RECORD: OwnRecord = { lease: null, peers: [], parts: [] }

/** What came in, or was done, that mattered. */
const happening = z.object({ at: time, agoMs: z.number(), text: z.string() })
export const recordedReport = z.object({
  /** Whose memory it is. */
  node: z.string(),
  /** The moment that was asked for. */
  at: time,
  agoMs: z.number(),
  /** What is recorded, the oldest first: from when to when. In memory it is one; each file of an earlier move is one. */
  spans: list(z.object({ from: time, to: time, where: z.enum(['memory', 'file']).catch('file') })),
  /** The wall clock was set within that time: times from before are by the clock of now. */
  clockSet: z.boolean(),
  /** Null: that moment is not recorded. */
  found: z.object({ status: statusReport, own: ownRecord, happened: list(happening) }).nullable(),
})
export type OwnRecord = z.infer<typeof ownRecord>
export type RecordedReport = z.infer<typeof recordedReport>
export type RecordedSpan = RecordedReport['spans'][number]
export type Happening = z.infer<typeof happening>
