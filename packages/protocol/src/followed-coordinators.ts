/** Who the coordinators are, as an agent keeps it: it finds them after a restart, wherever they have moved. JSON. */
import * as z from 'zod'
import { type FeedCoordinator, feedCoordinators } from './feed-messages.ts'
import { encodeSummed, readSummed } from './json.ts'

/** Beside the node's identity, in the agent's state directory. */
export const FOLLOWED_COORDINATORS = 'coordinators.json'
export const FOLLOWED_COORDINATORS_VERSION = 1
/** In UTF-16 units, and bytes of UTF-8 that somebody who reads it takes at most. */
export const LONGEST_COORDINATORS = 2 << 20

const kept = z.object({ list: feedCoordinators })

export const encodeFollowedCoordinators = (list: readonly FeedCoordinator[]): string =>
  encodeSummed(FOLLOWED_COORDINATORS_VERSION, { list })

/** Null: it is not understood, or damaged. Never throws, whatever the text. */
export function decodeFollowedCoordinators(encoded: string): readonly FeedCoordinator[] | null {
  const bounds = { longest: LONGEST_COORDINATORS, version: FOLLOWED_COORDINATORS_VERSION }
  return readSummed<z.infer<typeof kept>>(kept, encoded, bounds)?.list ?? null
}
