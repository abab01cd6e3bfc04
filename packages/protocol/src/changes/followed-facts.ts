/** What operators want for a while, as an agent keeps it beside the configuration that it follows. JSON. */
import type * as z from 'zod'
import { encodeSummed, readSummed } from '../json.ts'
import { type Facts, facts } from './revision.ts'

export const FOLLOWED_FACTS_VERSION = 1
/** In UTF-16 units, and bytes of UTF-8 that somebody who reads it takes at most. */
export const LONGEST_FACTS = 8 << 20

export const encodeFollowedFacts = (value: Facts): string => encodeSummed(FOLLOWED_FACTS_VERSION, value)

/** Null: it is not understood, or damaged. Never throws, whatever the text. */
export const decodeFollowedFacts = (encoded: string): Facts | null =>
  readSummed<z.infer<typeof facts>>(facts, encoded, { longest: LONGEST_FACTS, version: FOLLOWED_FACTS_VERSION })
