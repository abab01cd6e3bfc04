/**
 * A follower takes what its leader says (paper, 5.3 and 7).
 *
 * Laws: nothing is acknowledged before the disk has it; what is committed is never given up; an own entry gives way only to
 * a different one; a commit index above its own log means that this database lost something.
 */
import { append, lastAgreeing, lastIndex, termAt } from './log.ts'
import type { AppendEntries, Heartbeat, InstallSnapshot } from './messages.ts'
import type { Entry, NodeId } from './entry.ts'
import { giveUpProposals } from './outcomes.ts'
import { expel } from './strangers.ts'
import { drop, type RaftState, send } from './state.ts'
import { replaceLog, truncateLog } from './rewrite.ts'

export function onAppendEntries(state: RaftState, message: AppendEntries): void {
  if (state.disk.full) return drop(state, 'full')
  if (!isChain(message)) return drop(state, 'impossible')
  const { from, prevLogIndex, prevLogTerm, entries, leaderCommit } = message
  const { log, rules, commitIndex } = state
  if (prevLogIndex < commitIndex) return overlapping(state, message)
  if (!rules.fits(termAt(log, prevLogIndex), prevLogTerm)) {
    const { index: hintIndex, term: hintTerm } = lastAgreeing(log, prevLogIndex, prevLogTerm)
    send(state, {
      kind: 'append-entries-response',
      to: from,
      matchIndex: null,
      rejected: prevLogIndex,
      hintIndex,
      hintTerm,
    })
    return
  }
  if (!take(state, entries)) return drop(state, 'impossible')
  const lastNew = prevLogIndex + entries.length
  commit(state, rules.followerCommit(leaderCommit, lastNew))
  acknowledge(state, from, lastNew)
}

/** No leader's log has gaps, terms that fall, or terms to come. */
function isChain({ prevLogIndex, prevLogTerm, entries, term }: AppendEntries): boolean {
  let least = prevLogTerm
  return entries.every((entry, at) => {
    const follows = entry.index === prevLogIndex + 1 + at && entry.term >= least && entry.term <= term
    least = entry.term
    return follows
  })
}

/** It begins with what is committed, and therefore the same: only what comes after that is looked at. */
function overlapping(state: RaftState, message: AppendEntries): void {
  const { commitIndex } = state
  const rest = message.entries.filter(({ index }) => index > commitIndex)
  if (rest.length === 0) return acknowledge(state, message.from, commitIndex)
  const prevLogTerm = message.entries.find(({ index }) => index === commitIndex)?.term ?? message.prevLogTerm
  onAppendEntries(state, { ...message, prevLogIndex: commitIndex, prevLogTerm, entries: rest })
}

/** False: it would give up what is committed. */
function take(state: RaftState, entries: readonly Entry[]): boolean {
  const { log, rules, commitIndex } = state
  for (const entry of entries) {
    const own = termAt(log, entry.index)
    if (own !== undefined && !rules.conflicts(own, entry.term)) continue
    if (own !== undefined) {
      if (entry.index <= commitIndex) return false
      truncateLog(state, entry.index)
    }
    append(log, entry)
  }
  return true
}

function commit(state: RaftState, index: number): void {
  state.commitIndex = Math.max(state.commitIndex, Math.min(index, lastIndex(state.log)))
}

function acknowledge(state: RaftState, to: NodeId, matchIndex: number): void {
  send(state, { kind: 'append-entries-response', to, matchIndex, rejected: 0, hintIndex: 0, hintTerm: 0 })
}

export function onHeartbeat(state: RaftState, { from, leaderCommit, round }: Heartbeat): void {
  // A leader says no more than what was acknowledged.
  if (leaderCommit > lastIndex(state.log)) return expel(state, 'regressed')
  commit(state, leaderCommit)
  send(state, { kind: 'heartbeat-response', to: from, round })
}

export function onInstallSnapshot(state: RaftState, message: InstallSnapshot): void {
  if (state.disk.full) return drop(state, 'full')
  const { from, lastIncludedIndex: index, lastIncludedTerm: term } = message
  const own = termAt(state.log, index)
  if (index <= state.commitIndex) {
    if (own !== undefined && own !== term) return drop(state, 'impossible')
    return acknowledge(state, from, state.commitIndex)
  }
  if (state.rules.replacesLog(own, term)) {
    // Their entries were committed, perhaps, but this node will never see what came of them.
    giveUpProposals(state, 0)
    replaceLog(state, { index, term, membership: message.membership })
  } else commit(state, index)
  acknowledge(state, from, index)
}
