/** Growth to the wanted number of voters, by itself. */
import type { NodeId, RaftStatus } from '@lvsm/raft'

/**
 * Who is to become a voter next, of those learners that keep up; null: nobody now. From one to three, and to two for no longer than
 * it takes: of two, each one that fails stops all changes. Whoever `isFirst` comes before the others: directors are there for it.
 */
export function nextVoter(
  { role, membership, peers }: RaftStatus,
  wanted: number,
  isFirst: (id: NodeId) => boolean,
): NodeId | null {
  if (role !== 'leader') return null
  const voters = membership.members.filter((member) => member.role === 'voter').length
  const learners = membership.members.filter((member) => member.role === 'learner')
  const ready = learners.filter(({ id }) => peers.some((peer) => peer.id === id && peer.caughtUp))
  const needed = voters % 2 === 0 ? 1 : 2
  if (voters >= wanted || ready.length < needed) return null
  return (ready.find(({ id }) => isFirst(id)) ?? ready[0])?.id ?? null
}
