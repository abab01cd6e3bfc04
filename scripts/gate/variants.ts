/** Bundles that are today's with some modules in place of others; today's have nothing of them. Folder of dist → what is replaced. */
import type { Replacements } from '../build.ts'

/**
 * A later version of lvsm, as far as a border sees it: one more optional field in the heartbeat, in a lease's request, in the
 * state of an agent and in a frame, and one more kind of each.
 */
const next: Replacements = {
  'packages/protocol/src/messages.ts': 'test/lab/next/messages.ts',
  'packages/protocol/src/frame.ts': 'test/lab/next/frame.ts',
  'agent/lease/adapters/network/udp.ts': 'test/lab/next/udp.ts',
  'packages/protocol/src/agent-messages.ts': 'test/lab/next/agent-messages.ts',
  'agent/node/core/publish/packing.ts': 'test/lab/next/packing.ts',
}

/** Planned switchovers without one of their steps. */
const quiet: Replacements = { 'agent/node/core/move/owner.ts': 'test/lab/without/quiet.ts' }
const handBack: Replacements = { 'agent/node/core/move/successor.ts': 'test/lab/without/hand-back.ts' }

export const VARIANTS: Readonly<Record<string, Replacements>> = {
  next,
  'without-quiet': quiet,
  'without-hand-back': handBack,
  'without-both': { ...quiet, ...handBack },
}
