/**
 * Which changes of members a leader makes (dissertation, 4.1 and 4.2).
 *
 * Laws: none before an entry of its own term is committed (else two majorities may not meet: Ongaro, raft-dev, 2015); none
 * while one is under way; none after which there would be no majority of voters that are heard now; a learner becomes a
 * voter only when it has kept up for a while.
 */
import type { Refusal } from '@lvsm/base'
import type { Member, Membership } from './entry.ts'
import type { Change } from './events.ts'
import { membershipIndex } from './log.ts'
import { isMajority, isVoter, memberOf, votersOf } from './membership.ts'
import { hasKeptUp, isHeard } from './progress.ts'
import { isSettled } from './read.ts'
import { type Leadership, membership, type RaftState } from './state.ts'

const refusal = (code: string, message: string, hint: string): Refusal => ({ code, message, hint })

export function refuseChange(
  state: RaftState,
  leadership: Leadership,
  change: Change,
  after: Membership,
): Refusal | null {
  return (
    refuseTime(state, leadership) ?? refuseNode(state, leadership, change) ?? refuseVoters(state, leadership, after)
  )
}

function refuseTime(state: RaftState, leadership: Leadership): Refusal | null {
  const { rules, log, commitIndex } = state
  if (!isSettled(state, leadership))
    return refusal('not-settled', 'the leader is new, and has not committed anything yet', 'try again in a moment')
  if (rules.isChanging(membershipIndex(log), commitIndex))
    return refusal('change-under-way', 'another change of members is not committed yet', 'try again when it is')
  return null
}

function refuseNode(state: RaftState, leadership: Leadership, change: Change): Refusal | null {
  if (change.op === 'add') return refuseStore(membership(state), change.store)
  const member = memberOf(membership(state), change.node)
  if (!member)
    return refusal('unknown-node', `node ${change.node} is no member`, 'node ids are never used again: join it anew')
  if (change.op === 'promote') return refusePromotion(state, leadership, member)
  if (change.op === 'demote' && member.role === 'learner')
    return refusal('not-voter', `node ${change.node} is no voter`, 'nothing has to be done')
  return null
}

/** A node that joins asks again when it heard nothing: once is enough. */
function refuseStore({ members }: Membership, store: string): Refusal | null {
  const known = members.find((member) => member.store === store)
  return known ? refusal('already-member', `this node is member ${known.id} already`, 'use that id') : null
}

function refusePromotion({ settings, now }: RaftState, { peers }: Leadership, { id, role }: Member): Refusal | null {
  if (role === 'voter') return refusal('already-voter', `node ${id} is a voter already`, 'nothing has to be done')
  const progress = peers.get(id)
  if (progress && hasKeptUp(progress, settings.promoteMs, now)) return null
  return refusal(
    'not-caught-up',
    `node ${id} has not kept up for ${settings.promoteMs} ms`,
    `it may lag ${settings.promoteLag} entries; try again when it is as far`,
  )
}

/** Two voters, of which one goes with its vote needed: the pair's trap (etcd's raft, doc.go). */
function refuseVoters(state: RaftState, { peers }: Leadership, after: Membership): Refusal | null {
  const { id, rules, settings, now } = state
  const voters = votersOf(after, rules)
  if (voters.length === 0)
    return refusal('last-voter', 'without a voter nothing can be changed any more', 'promote another node first')
  if (voters.length === 1 && !isVoter(after, id))
    return refusal('leader-of-a-pair', 'the leader of two cannot leave', 'transfer the leadership to the other first')
  const heard = (voter: number): boolean => {
    const progress = peers.get(voter)
    return voter === id || (progress !== undefined && isHeard(progress, settings.electionMs, now))
  }
  if (isMajority(after, heard, rules)) return null
  return refusal(
    'no-majority',
    'of the voters that would be left no majority is heard now',
    'start those that are down, or remove one of them first',
  )
}
