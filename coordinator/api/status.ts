/** The coordinators, as one of them sees them. */
import { newestOf, type State } from '@lvsm/changes'
import type { CoordinatorMember, CoordinatorsReport, NodeProgress, NodesReport } from '@lvsm/protocol'
import type { CoordinatorStatus } from '../configuration.ts'
import { ok, type Reply } from './reply.ts'

export const coordinatorsReply = (status: CoordinatorStatus, known: State | null): Reply =>
  ok(coordinatorsOf(status, known))

export function coordinatorsOf({ raft, members: records }: CoordinatorStatus, known: State | null): CoordinatorsReport {
  const members = raft.membership.members.map(({ id, role }): CoordinatorMember => {
    const peer = raft.peers.find((one) => one.id === id)
    return {
      id,
      name: records.get(id)?.name ?? null,
      role,
      self: id === raft.id,
      leader: id === raft.leader,
      matchIndex: id === raft.id ? raft.lastLogIndex : (peer?.matchIndex ?? null),
      phase: peer?.phase ?? null,
      silentMs: peer?.silentMs ?? null,
    }
  })
  const { id, role, term, leader, commitIndex, lastApplied, lastLogIndex, disk, expelled } = raft
  const revision = known === null ? null : newestOf(known.history)
  return {
    id,
    role,
    term,
    leader,
    commitIndex,
    lastApplied,
    lastLogIndex,
    disk,
    expelled,
    members,
    revision,
  }
}

/** Those that are in, in the order of the configuration. */
export function nodesOf(
  { config, enrolled }: State,
  progress: ReadonlyMap<string, NodeProgress>,
): NodesReport['nodes'] {
  const present = new Set(enrolled.nodes.map(({ name }) => name))
  return config.nodes
    .filter(({ name }) => present.has(name))
    .map(({ name }) => {
      const { revision = null, epoch = null } = progress.get(name) ?? {}
      return { name, revision, epoch }
    })
}
export const nodesReply = (state: State, progress: ReadonlyMap<string, NodeProgress>): Reply =>
  ok({ nodes: nodesOf(state, progress) } satisfies NodesReport)
