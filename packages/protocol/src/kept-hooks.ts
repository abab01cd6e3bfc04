/** For which lease of each group its hooks ended last, and which of them began since, as a file of the agent's. */
import * as z from 'zod'
import { LONGEST_NAME } from './http/routes.ts'
import { encodeSummed, readSummed } from './json.ts'

const name = z.string().max(LONGEST_NAME)
const count = z.number().min(0).max(Number.MAX_SAFE_INTEGER)
const KEPT_HOOKS_VERSION = 1
export const LONGEST_KEPT_HOOKS = 1 << 18
const MOST_BEGUN = 64
const lease = { when: z.enum(['take', 'release']), number: count }
const keptHooks = z.object({
  done: z.record(name, z.object(lease)),
  /** Under way: those that began, in order; of the last one nobody knows whether it ended. Not there: an older agent, or none is. */
  begun: z.record(name, z.object({ ...lease, hooks: z.array(name).max(MOST_BEGUN).readonly() })).exactOptional(),
})
export type KeptHooks = z.infer<typeof keptHooks>
export const encodeKeptHooks = (value: KeptHooks): string => encodeSummed(KEPT_HOOKS_VERSION, value)
/** Null: damaged, or of a newer version. Never throws. */
export const decodeKeptHooks = (encoded: string): KeptHooks | null =>
  readSummed<KeptHooks>(keptHooks, encoded, { longest: LONGEST_KEPT_HOOKS, version: KEPT_HOOKS_VERSION })
