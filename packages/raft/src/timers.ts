/** What is due by time alone, and when the next of it will be. */
import { after, type Instant, later } from '@lvsm/base'
import { onElectionTimeout } from './elect.ts'
import { hearsMajority, sendHeartbeats } from './heartbeat.ts'
import { isSick } from './health.ts'
import { snapshotLeft } from './progress.ts'
import { becomeFollower, handOver } from './roles.ts'
import type { Leadership, RaftState } from './state.ts'

const NEVER = Number.POSITIVE_INFINITY as Instant

export function tick(state: RaftState): void {
  const { disk, now } = state
  if (disk.full && !disk.full.trying && now >= disk.full.retryAt) disk.full.trying = true
  const { leadership } = state
  if (leadership) tickLeader(state, leadership)
  else if (now >= state.electionAt) onElectionTimeout(state)
}

function tickLeader(state: RaftState, leadership: Leadership): void {
  const { now } = state
  if (isSick(state)) return handOver(state)
  if (now < leadership.heartbeatAt) return
  if (!hearsMajority(state, leadership)) return becomeFollower(state, state.currentTerm, null)
  for (const progress of leadership.peers.values()) if (now >= progress.snapshotUntil) snapshotLeft(progress, false)
  sendHeartbeats(state, leadership)
}

/** Later than now. */
export function nextDue(state: RaftState): Instant {
  const { disk, leadership, settings } = state
  const times = [leadership ? leadership.heartbeatAt : state.electionAt]
  if (leadership?.transfer) times.push(leadership.transfer.until)
  if (disk.full && !disk.full.trying) times.push(disk.full.retryAt)
  const [oldest] = disk.writing
  if (oldest && leadership) times.push(after(oldest.at, settings.stallMs))
  return times.reduce((least, at) => (at < least ? at : least), NEVER)
}

/** Whether the timer must be set anew. */
export function isNewDue(state: RaftState): boolean {
  const due = later(nextDue(state), state.now)
  if (due === state.wakeAt || due === NEVER) return false
  state.wakeAt = due
  return true
}
