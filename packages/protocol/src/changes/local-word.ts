/** What a node was told of standby by itself, without coordinators: kept by its agent, and told to the others. JSON. */
import * as z from 'zod'
import { LONGEST_NAME } from '../http/routes.ts'
import { readVersioned } from '../json.ts'

export const LOCAL_WORD_VERSION = 1
/** In UTF-16 units. */
export const LONGEST_WORD = 4096

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const localWord = z.object({
  standby: z.boolean(),
  author: z.string().max(LONGEST_NAME),
  /** Milliseconds of the node's wall clock. */
  since: count,
  /** Number of the newest change of facts that the node knew when it was told. */
  known: count,
  /** Number of the newest one when the node and the coordinators met, then or later; not there: they have not met since. */
  met: count.exactOptional(),
})
export type LocalWord = Readonly<z.infer<typeof localWord>>

export const encodeLocalWord = (value: LocalWord): string =>
  `${JSON.stringify({ v: LOCAL_WORD_VERSION, least: 1, ...value })}\n`

/** Null: it is not understood. Never throws, whatever the text. */
export const decodeLocalWord = (encoded: string): LocalWord | null =>
  readVersioned<LocalWord>(localWord, encoded, { longest: LONGEST_WORD, version: LOCAL_WORD_VERSION })
