/** What a coordinator says of itself. */
import type { Effect as RaftEffect, NodeId } from '@lvsm/raft'
import type { NotDone } from './configuration.ts'

export const NOT_BEGUN: NotDone = {
  kind: 'refused',
  refusal: {
    code: 'not-begun',
    message: 'this coordinator has no configuration yet',
    hint: 'it joins a cluster: try again in a moment, or ask another coordinator',
  },
}

export function roleText(
  { role, term, leader }: Extract<RaftEffect, { kind: 'role' }>,
  own: NodeId,
  name: string,
): string | null {
  if (role === 'leader') return `leads the coordinators (term ${term})`
  if (role === 'follower' && leader !== null && leader !== own) return `follows ${name} (term ${term})`
  if (role === 'candidate') return `stands for election (term ${term})`
  // Asking who would vote for it changes nothing yet.
  return role === 'follower' ? `follows nobody (term ${term})` : null
}
