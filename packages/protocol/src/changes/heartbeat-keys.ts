/**
 * Public halves of the keys with which nodes sign their heartbeats for each other: X25519 (RFC 7748), one or a few of each node. As
 * the coordinators keep them with the node's enrolment, and as agents follow them, under one number that grows with each change.
 */
import * as z from 'zod'
import { LONGEST_NAME } from '../http/routes.ts'

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const name = z.string().min(1).max(LONGEST_NAME)

/** 32 bytes, hexadecimal digits. */
export const publicHalf = z.string().regex(/^[0-9a-f]{64}$/)
/** Of a node's keys, each its own; given again when nobody has it any more. 0 is the key that all nodes share. */
export const HIGHEST_HALF_ID = 127
const halfId = z.int().min(1).max(HIGHEST_HALF_ID)
/** One that signs, one that is on its way out, and one that not every node has yet. */
export const MOST_HALVES = 3

export const heartbeatKeys = z.strictObject({
  /** Oldest first. `since`: the ring that it came with. */
  keys: z
    .array(z.strictObject({ id: halfId, public: publicHalf, since: count }))
    .min(1)
    .max(MOST_HALVES)
    .readonly(),
  /** Id of the one that others sign with; 0: the key that all share. */
  signWith: z.int().min(0).max(HIGHEST_HALF_ID),
  /** The ring since which that is so. */
  since: count,
  /** The key that all share counts for this node, too. */
  shared: z.boolean(),
})
export type HeartbeatKeys = Readonly<z.infer<typeof heartbeatKeys>>

export const KEY_ENTRIES = {
  /** A node has a new key pair. `lost`: it has none of the keys of before any more. */
  'heartbeat-key': z.strictObject({
    kind: z.literal('heartbeat-key'),
    at: count,
    name,
    public: publicHalf,
    lost: z.boolean(),
  }),
  /** Every node that has keys uses this ring, or a newer one: what waited for that is done. */
  'heartbeat-step': z.strictObject({ kind: z.literal('heartbeat-step'), at: count, ring: count }),
} as const

const ringNode = z.object({
  name,
  keys: z
    .array(z.object({ id: halfId, public: publicHalf }))
    .max(MOST_HALVES)
    .readonly(),
  signWith: z.int().min(0).max(HIGHEST_HALF_ID),
  shared: z.boolean(),
})
/** What agents must know of it: nodes that have such keys. */
export const keyRing = z.object({ number: count, nodes: z.array(ringNode).max(1024).readonly() })
export type KeyRing = Readonly<z.infer<typeof keyRing>>
export type RingNode = KeyRing['nodes'][number]
