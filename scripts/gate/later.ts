/**
 * A later version of lvsm, as far as a border sees it: one more optional field in the heartbeat, in a lease's request, in the
 * state of an agent and in a frame, and one more kind of each. Its bundles are today's with these modules in place of others;
 * today's bundles have nothing of them.
 */
import type { Replacements } from '../build.ts'

export const LATER: Replacements = {
  'packages/protocol/src/messages.ts': 'test/lab/next/messages.ts',
  'packages/protocol/src/frame.ts': 'test/lab/next/frame.ts',
  'agent/lease/adapters/network/udp.ts': 'test/lab/next/udp.ts',
  'packages/protocol/src/agent-messages.ts': 'test/lab/next/agent-messages.ts',
  'agent/node/core/publish/packing.ts': 'test/lab/next/packing.ts',
}
