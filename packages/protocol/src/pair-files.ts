/** Keys of the heartbeat as an agent keeps them in its state directory: the ring that it follows, and its own secrets. JSON. */
import * as z from 'zod'
import { type KeyRing, keyRing, MOST_HALVES, publicHalf } from './changes/heartbeat-keys.ts'
import { encodeSummed, readSummed } from './json.ts'

/** Of a node's own key pairs, in its agent's state directory: a secret. */
export const OWN_HALVES = 'heartbeat-halves.json'

export const KEY_RING_VERSION = 1
export const OWN_HALVES_VERSION = 1
/** In UTF-16 units, and bytes of UTF-8 that somebody who reads it takes at most. */
export const LONGEST_KEY_RING = 2 << 20
export const LONGEST_OWN_HALVES = 1 << 16

export const encodeKeyRing = (ring: KeyRing): string => encodeSummed(KEY_RING_VERSION, ring)
/** Null: it is not understood, or damaged. Never throws, whatever the text. */
export const decodeKeyRing = (encoded: string): KeyRing | null =>
  readSummed<z.infer<typeof keyRing>>(keyRing, encoded, { longest: LONGEST_KEY_RING, version: KEY_RING_VERSION })

const half = z.object({
  public: publicHalf,
  /** The secret half: 32 bytes, hexadecimal digits. */
  private: publicHalf,
})
/** A key pair of this node. */
export type Half = Readonly<z.infer<typeof half>>
/** A new one comes before the oldest one is needed no more. */
export const MOST_OWN_HALVES = MOST_HALVES + 1
const own = z.object({ halves: z.array(half).max(MOST_OWN_HALVES).readonly() })

/** Oldest first. */
export const encodeOwnHalves = (halves: readonly Half[]): string => encodeSummed(OWN_HALVES_VERSION, { halves })
/** Null: it is not understood, or damaged. Never throws, whatever the text. */
export const decodeOwnHalves = (encoded: string): readonly Half[] | null =>
  readSummed<z.infer<typeof own>>(own, encoded, { longest: LONGEST_OWN_HALVES, version: OWN_HALVES_VERSION })?.halves ??
  null
