/** The coordinators, as one of them sees them. */
import type { Refusal } from '@lvsm/base'
import { newestOf, type State } from '@lvsm/changes'
import type { CoordinatorMember, CoordinatorsReport, NodeProgress, NodesReport } from '@lvsm/protocol'
import type { Configuration, CoordinatorStatus, MemberId, NotDone } from '../configuration.ts'
import { against, notNow, ok, type Reply } from './reply.ts'
import { NOT_KNOWN_IF } from './writes.ts'

type Silence = (id: MemberId) => number

export const coordinatorsReply = (status: CoordinatorStatus, known: State | null, silentMs: Silence): Reply =>
  ok(coordinatorsOf(status, known, silentMs))

/** `silentMs`: as this one heard of another, also where it does not lead; without: as the leader's Raft has it. */
export function coordinatorsOf(
  { raft, members: records }: CoordinatorStatus,
  known: State | null,
  silentMs: Silence | null = null,
): CoordinatorsReport {
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
      silentMs: id === raft.id ? null : (peer?.silentMs ?? silentMs?.(id) ?? null),
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

/** By the name of its node, or by its id, where no record of it came. */
export function memberOf({ raft, members: records }: CoordinatorStatus, which: string): MemberId | Refusal {
  const ids = raft.membership.members.map(({ id }) => id)
  const found = ids.find((id) => records.get(id)?.name === which) ?? ids.find((id) => String(id) === which)
  return (
    found ?? {
      code: 'unknown-coordinator',
      field: 'which',
      message: `there is no coordinator ${which}`,
      hint: `there are ${ids.map((id) => records.get(id)?.name ?? id).join(', ')}`,
    }
  )
}

export const removedReply = (removed: Awaited<ReturnType<Configuration['remove']>>): Reply =>
  removed.kind === 'removed'
    ? ok({ outcome: 'done' })
    : removed.kind === 'refused'
      ? notRemoved(removed)
      : MAYBE_REMOVED

/** Where nobody leads it may be asked again; all else is refused by the rules. */
const notRemoved = ({ kind, refusal }: NotDone): Reply =>
  refusal.code === 'no-leader' || refusal.code === 'busy' ? notNow({ kind, refusal }) : against([refusal])
const MAYBE_REMOVED: Reply = {
  status: 202,
  body: { outcome: 'unknown', message: NOT_KNOWN_IF, hint: 'look before you repeat it: lvsm coordinators' },
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
      const { revision = null, epoch = null, facts = null } = progress.get(name) ?? {}
      return { name, revision, epoch, facts }
    })
}
export const nodesReply = (state: State, progress: ReadonlyMap<string, NodeProgress>): Reply =>
  ok({ nodes: nodesOf(state, progress) } satisfies NodesReport)
