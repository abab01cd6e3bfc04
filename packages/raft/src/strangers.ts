/**
 * Who is believed. A node's id is the index of the entry that added it, and its database's identity is in that entry; so
 * everybody who has that entry can tell a wiped database, and everybody who is past it can tell who was removed.
 *
 * Laws: an id that is above the own commit index is unknown, not removed; what a refused node says changes nothing.
 */
import { membershipAt } from './log.ts'
import { memberOf } from './membership.ts'
import type { Expulsion, Message, Refused } from './messages.ts'
import { becomeFollower } from './roles.ts'
import { drop, membership, type RaftState, send } from './state.ts'

const ANSWERS: ReadonlySet<Message['kind']> = new Set<Message['kind']>([
  'pre-vote-response',
  'request-vote-response',
  'append-entries-response',
  'heartbeat-response',
])

export function admits(state: RaftState, message: Message): boolean {
  const { from, store } = message
  const { log, commitIndex, rules } = state
  const member = memberOf(membershipAt(log, commitIndex), from)
  if (member ? rules.isSameStore(member.store, store) : from > commitIndex) return isCounted(state, message)
  const reason = member ? 'wiped' : 'removed'
  drop(state, reason)
  send(state, { kind: 'refused', to: from, reason, about: store })
  return false
}

/**
 * An entry that may be given up yet says whose answers count, and not whom to obey: another node may have been given that
 * id, and lead.
 */
function isCounted(state: RaftState, { kind, from, store }: Message): boolean {
  const member = memberOf(membership(state), from)
  if (!member || !ANSWERS.has(kind) || state.rules.isSameStore(member.store, store)) return true
  drop(state, 'wiped')
  return false
}

export function onRefused(state: RaftState, { reason, about }: Refused): void {
  if (about === state.store) expel(state, reason)
}

/** It takes part in nothing any more: it must join anew, with an empty database. */
export function expel(state: RaftState, reason: Expulsion): void {
  becomeFollower(state, state.currentTerm, null)
  state.expelled = reason
  state.outbox = []
  state.disk.held = []
  state.effects.push({ kind: 'expelled', reason })
}
