/** A coordinator's log as its database has it: the rows, and the JSON in them. Version 1 of the file. */
import * as z from 'zod'

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
/** Hexadecimal digits. */
const sum = z.string().length(32)

export const storedMembership = z.strictObject({
  members: z.array(z.strictObject({ id: count, store: z.string(), role: z.enum(['voter', 'learner']) })).readonly(),
})

export const storedMeta = z.strictObject({
  one: z.literal(1),
  identity: z.string().min(1),
  term: count,
  voted_for: count.nullable(),
  snapshot_index: count,
  snapshot_term: count,
  membership: z.string(),
  last_applied: count,
  /** Transactions so far. */
  written: count,
  log_sum: sum,
  state_sum: sum,
  sum,
})
export type StoredMeta = z.infer<typeof storedMeta>

export const storedEntry = z.strictObject({
  index: count,
  term: count,
  kind: z.enum(['noop', 'command', 'membership']),
  membership: z.string().nullable(),
  payload: z.string().nullable(),
  sum,
})
export type StoredEntry = z.infer<typeof storedEntry>

export const storedPart = z.strictObject({ key: z.string(), body: z.string(), sum })
export type StoredPart = z.infer<typeof storedPart>
