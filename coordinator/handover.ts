/** Before a stop: whoever leads lets another one lead. */
import type { Instant } from '@lvsm/base'
import { DEFAULTS, type NodeId, type RaftStatus } from '@lvsm/raft'

/** A stop waits so long for another one to lead. */
const HANDOVER_MS = 1000

interface Lead {
  status(): RaftStatus
  transfer(to: NodeId): void
}

export async function handOver({ status, transfer }: Lead, clock: () => Instant): Promise<void> {
  const { role, membership, peers } = status()
  const voters = new Set(membership.members.flatMap((member) => (member.role === 'voter' ? [member.id] : [])))
  // Of a cluster in which nothing changes the one that is down has as much as the others.
  const [next] = peers
    .filter(({ id, silentMs }) => voters.has(id) && silentMs < DEFAULTS.electionMs)
    .toSorted((a, b) => b.matchIndex - a.matchIndex)
  if (role !== 'leader' || !next) return
  transfer(next.id)
  const until = clock() + HANDOVER_MS
  while (clock() < until && status().role === 'leader') await new Promise<void>((resolve) => setTimeout(resolve, 20))
}
