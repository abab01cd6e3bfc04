/** Growth to the wanted number of voters, by itself. */
import type { NodeId, RaftStatus } from '@lvsm/raft'

/**
 * Who is to become a voter next, of those learners that keep up; null: nobody now. From one to three, and to two for no longer than
 * it takes: of two, each one that fails stops all changes.
 */
export function nextVoter({ role, membership, peers }: RaftStatus, wanted: number): NodeId | null {
  if (role !== 'leader') return null
  const voters = membership.members.filter((member) => member.role === 'voter').length
  const learners = membership.members.filter((member) => member.role === 'learner')
  const ready = learners.filter(({ id }) => peers.some((peer) => peer.id === id && peer.caughtUp))
  const needed = voters % 2 === 0 ? 1 : 2
  return voters < wanted && ready.length >= needed ? (ready[0]?.id ?? null) : null
}
