/** Who the members are after a change. One at a time, so that any majority before meets any majority after (dissertation, 4.1). */
import type { Member, Membership, NodeId } from './entry.ts'
import type { Change } from './events.ts'
import type { Rules } from './rules.ts'

export const memberOf = ({ members }: Membership, id: NodeId): Member | undefined =>
  members.find((member) => member.id === id)

/** Those who count in majorities. */
export const votersOf = ({ members }: Membership, rules: Rules): readonly NodeId[] =>
  members.filter((member) => rules.counts(member)).map(({ id }) => id)

export const isVoter = (membership: Membership, id: NodeId): boolean => memberOf(membership, id)?.role === 'voter'

export const majorityOf = (membership: Membership, rules: Rules): number =>
  rules.quorum(votersOf(membership, rules).length)

/** Whether those of `nodes` that vote are a majority of the voters. */
export function isMajority(membership: Membership, nodes: (id: NodeId) => boolean, rules: Rules): boolean {
  const voters = votersOf(membership, rules)
  return voters.length > 0 && voters.filter(nodes).length >= rules.quorum(voters.length)
}

/** `index`: of the entry that makes the change, and the id of a node that it adds. */
export function changed({ members }: Membership, change: Change, index: number): Membership {
  switch (change.op) {
    case 'add':
      return { members: [...members, { id: index, store: change.store, role: 'learner' }] }
    case 'remove':
      return { members: members.filter(({ id }) => id !== change.node) }
    case 'promote':
    case 'demote': {
      const role = change.op === 'promote' ? 'voter' : 'learner'
      return { members: members.map((member) => (member.id === change.node ? { ...member, role } : member)) }
    }
  }
}
