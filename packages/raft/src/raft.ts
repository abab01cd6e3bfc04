/**
 * Raft as a pure state machine: `step(input, now) → effects` (Ongaro and Ousterhout, 2014; Ongaro's dissertation).
 *
 * Laws: the same inputs give the same effects; `now` never goes back; at most one `persist` a step; what depends on it leaves
 * only after it was confirmed; each proposal and each read is answered exactly once.
 */
import { type Instant, later } from '@lvsm/base'
import { flush, onPersisted, onPersistFailed } from './disk.ts'
import { countOwnVote } from './elect.ts'
import type { Effect, Input } from './events.ts'
import { lastIndex } from './log.ts'
import { answerReads, NOT_LEADER, refuseProposal, refuseRead, reportCommitted } from './outcomes.ts'
import { snapshotLeft, watchLag } from './progress.ts'
import { onChange, onPropose } from './propose.ts'
import { advanceReads, onRead } from './read.ts'
import { onMessage } from './receive.ts'
import { advanceCommit } from './replicate.ts'
import { newState, type Leadership, type RaftOptions, type RaftState } from './state.ts'
import { type RaftStatus, statusOf } from './status.ts'
import { isNewDue, tick } from './timers.ts'
import { advanceTransfer, onTransfer } from './transfer.ts'

export interface Raft {
  step(input: Input, now: Instant): Effect[]
  status(now: Instant): RaftStatus
  /** For observers; never to be changed. */
  readonly state: Readonly<RaftState>
}

export function createRaft(options: RaftOptions): Raft {
  const state = newState(options)
  return {
    state,
    step(input, now) {
      state.now = later(state.now, now)
      state.effects = []
      if (state.exited) return []
      if (state.expelled) return refuseAll(state, input)
      if (input.kind === 'wake') state.wakeAt = Number.NEGATIVE_INFINITY as Instant
      tick(state)
      onInput(state, input)
      settle(state)
      flush(state)
      if (!state.exited && !state.expelled && isNewDue(state)) state.effects.push({ kind: 'wake', at: state.wakeAt })
      return state.effects
    },
    status(now) {
      state.now = later(state.now, now)
      return statusOf(state)
    },
  }
}

function onInput(state: RaftState, input: Input): void {
  switch (input.kind) {
    case 'wake':
      return
    case 'message':
      return onMessage(state, input.message)
    case 'persisted':
      return onPersisted(state, input.write)
    case 'persist-failed':
      return onPersistFailed(state, input.write, input.fault)
    case 'propose':
      return onPropose(state, input.id, input.payload)
    case 'change':
      return onChange(state, input.id, input.change, input.payload)
    case 'read':
      return onRead(state, input.id)
    case 'transfer':
      return onTransfer(state, input.to)
    case 'snapshot-sent': {
      const progress = state.leadership?.peers.get(input.to)
      if (progress) snapshotLeft(progress, input.ok)
    }
  }
}

/** What follows from the new state, whatever changed it. */
function settle(state: RaftState): void {
  countOwnVote(state)
  if (state.leadership) advanceCommit(state, state.leadership)
  // It may have ended with that.
  if (state.leadership) lead(state, state.leadership)
  reportCommitted(state)
  answerReads(state)
}

function lead(state: RaftState, leadership: Leadership): void {
  const { settings, log, now } = state
  const limits = { lag: settings.promoteLag, silenceMs: settings.electionMs }
  for (const progress of leadership.peers.values()) watchLag(progress, lastIndex(log), limits, now)
  advanceTransfer(state, leadership)
  advanceReads(state, leadership)
}

/** A node that takes part no more. */
function refuseAll(state: RaftState, input: Input): Effect[] {
  if (input.kind === 'propose' || input.kind === 'change') refuseProposal(state, input.id, NOT_LEADER)
  if (input.kind === 'read') refuseRead(state, input.id, NOT_LEADER)
  return state.effects
}
