/** What a coordinator says of itself. */
import type { Refusal } from '@lvsm/base'
import type { Effect as RaftEffect, Expulsion, NodeId, Refused } from '@lvsm/raft'
import type { NotDone } from './configuration.ts'

export const NOT_BEGUN: NotDone = {
  kind: 'refused',
  refusal: {
    code: 'not-begun',
    message: 'this coordinator has no configuration yet',
    hint: 'it joins a cluster: try again in a moment, or ask another coordinator',
  },
}

/** What its port was told, as its Raft understands it. */
export const removedBy = (from: NodeId, to: NodeId, store: string): Refused => ({
  kind: 'refused',
  from,
  to,
  store: '',
  term: 0,
  reason: 'removed',
  about: store,
})

const EXPELLED: Readonly<Record<Expulsion, string>> = {
  removed: 'the others removed this coordinator',
  wiped: 'the others know this coordinator with another database',
  regressed: 'the database of this coordinator lacks what it acknowledged',
}
/** Nothing that it would answer is true for long. */
export const expelledText = (why: Expulsion): string =>
  `${EXPELLED[why]}: it takes part no more, and ends
  → systemctl disable --now lvsm-coordinator; where this node is to be a coordinator again: lvsm coordinators join`

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

/** A machine that was renumbered has not what its coordinator is to listen on. */
export const withWay = (refusal: Refusal): Refusal =>
  refusal.code === 'port-not-bound'
    ? {
        ...refusal,
        hint: 'end what has the port (ss -ltnp); where this machine has other addresses now: lvsm coordinators address ADDRESS',
      }
    : refusal
