/** The state of a coordinator as lines of a log. */
import type { Trouble } from '@lvsm/base'
import type { CoordinatorStatus } from './configuration.ts'

export function reportOf(
  { raft, members }: CoordinatorStatus,
  troubles: readonly Trouble[],
  applied: ReadonlyMap<string, { readonly revision: number }>,
  counted: readonly string[],
): string[] {
  const nameOf = (id: number): string => members.get(id)?.name ?? `coordinator ${id}`
  const { role, term, leader, commitIndex, lastApplied, disk, membership, peers } = raft
  const silent = new Map(peers.map(({ id, silentMs }) => [id, silentMs]))
  return [
    `state: ${role} in term ${term}, ${leader === null ? 'nobody leads' : `${nameOf(leader)} leads`}; committed ${commitIndex}, applied ${lastApplied}; disk ${disk}`,
    ...membership.members.map(({ id, role: part }) => {
      const silence = silent.get(id)
      return `state: ${nameOf(id)} (${id}) ${part}${silence === undefined ? '' : `, heard ${Math.round(silence)} ms ago`}`
    }),
    ...[...applied].map(([node, { revision }]) => `state: the agent of ${node} uses revision ${revision}`),
    ...troubles.map(({ severity, message }) => `state: ${severity}: ${message}`),
    ...counted.map((line) => `state: counted ${line}`),
  ]
}
