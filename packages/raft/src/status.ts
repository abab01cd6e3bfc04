/** What observers are told. */
import type { Membership, NodeId } from './entry.ts'
import type { Role } from './events.ts'
import { isStalled } from './health.ts'
import { lastIndex } from './log.ts'
import type { Expulsion } from './messages.ts'
import { hasKeptUp } from './progress.ts'
import { type Dropped, membership, type RaftState } from './state.ts'

export interface PeerStatus {
  readonly id: NodeId
  readonly matchIndex: number
  readonly phase: 'probe' | 'replicate' | 'snapshot'
  /** Milliseconds since it last answered. */
  readonly silentMs: number
  /** As a learner it could become a voter now. */
  readonly caughtUp: boolean
}
export interface RaftStatus {
  readonly id: NodeId
  readonly role: Role
  readonly term: number
  readonly leader: NodeId | null
  readonly commitIndex: number
  readonly lastApplied: number
  readonly lastLogIndex: number
  /** Entries that are kept: all since the last snapshot. */
  readonly logEntries: number
  readonly membership: Membership
  readonly disk: 'ok' | 'full' | 'stalled'
  readonly expelled: Expulsion | null
  readonly transferTo: NodeId | null
  /** Size of what a leader has not committed. */
  readonly uncommitted: number
  readonly peers: readonly PeerStatus[]
  readonly dropped: Readonly<Partial<Record<Dropped, number>>>
}

export function statusOf(state: RaftState): RaftStatus {
  const { leadership, now } = state
  return {
    id: state.id,
    role: state.role,
    term: state.currentTerm,
    leader: state.leader,
    commitIndex: state.commitIndex,
    lastApplied: state.lastApplied,
    lastLogIndex: lastIndex(state.log),
    logEntries: state.log.entries.length,
    membership: membership(state),
    disk: state.disk.full ? 'full' : isStalled(state) ? 'stalled' : 'ok',
    expelled: state.expelled,
    transferTo: leadership?.transfer?.to ?? null,
    uncommitted: leadership?.uncommitted ?? 0,
    peers: [...(leadership?.peers ?? [])].map(([id, progress]) => ({
      id,
      matchIndex: progress.matchIndex,
      phase: progress.phase,
      silentMs: now - progress.heardAt,
      caughtUp: hasKeptUp(progress, state.settings.promoteMs, now),
    })),
    dropped: { ...state.dropped },
  }
}
