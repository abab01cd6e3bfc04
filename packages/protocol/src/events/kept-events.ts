/**
 * What an agent remembers of what happened, over its restarts and its machine's: one object of JSON. The file around it has the
 * checksum (`agent/node/adapters/kept-events.ts`).
 */
import * as z from 'zod'
import { boundedList } from '../bounded.ts'
import { LONGEST_NAME } from '../http/routes.ts'
import { readVersioned } from '../json.ts'
import { saidEvent } from './event.ts'

export const KEPT_EVENTS_VERSION = 1
/** In UTF-16 units, and bytes that somebody who reads it takes at most. */
export const LONGEST_KEPT_EVENTS = 2 << 20
const MOST_KEPT = 1000
const MOST_LASTING = 256
/** UTF-16 units of the sentence of a trouble. */
export const LONGEST_LASTING = 1000

const name = z.string().max(LONGEST_NAME)
const count = z.number().min(0).max(Number.MAX_SAFE_INTEGER)
const keptEvents = z.object({
  /** The causal clock, in microseconds, and the wall clock, when it was written. */
  clock: count,
  wallMs: count,
  /** As the kernel names this start of the machine; empty: not known. */
  machine: name,
  /** Oldest first; `ageMs`: when it was written. */
  events: boundedList(z.object({ node: name, ...saidEvent.shape }), MOST_KEPT),
  /** Troubles that were told as begun, and not as over. `sinceMs`: so long ago, when it was written. */
  lasting: boundedList(
    z.object({
      ...{ code: name, message: z.string().max(LONGEST_LASTING), sinceMs: count },
      /** What it is about; empty: the node. An older agent does not write it. */
      object: z.string().max(LONGEST_LASTING).exactOptional(),
    }),
    MOST_LASTING,
  ),
  /** Program → the life of it that was told of last. */
  programs: z.record(name, name),
  /** The last event of the lease process that was heard. An older agent does not write it. */
  told: z.object({ incarnation: name, serial: count }).exactOptional(),
})
export type KeptEvents = Readonly<z.infer<typeof keptEvents>>

export const encodeKeptEvents = (value: KeptEvents): string =>
  JSON.stringify({ v: KEPT_EVENTS_VERSION, least: 1, ...value })

/** Null: it is not understood. Never throws, whatever the text. */
export const decodeKeptEvents = (encoded: string): KeptEvents | null =>
  readVersioned<KeptEvents>(keptEvents, encoded, { longest: LONGEST_KEPT_EVENTS, version: KEPT_EVENTS_VERSION })
