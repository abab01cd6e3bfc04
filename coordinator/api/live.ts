/** What a page that is open shows without asking. */
import { spanText } from '@lvsm/base'
import { idleFacts, newestOf, type State } from '@lvsm/changes'
import {
  coordinatorFaults,
  type HistoryEvent,
  isSilentCoordinator,
  isUnsaid,
  type LiveState,
  type NodesReport,
  sinceEvents,
  type Status,
} from '@lvsm/protocol'
import type { CoordinatorStatus } from '../configuration.ts'
import { headingOf } from './answers.ts'
import { coordinatorsOf } from './status.ts'

/** All that is known here at one moment. */
export interface Seen {
  readonly coordinators: CoordinatorStatus
  readonly known: State | null
  readonly status: Status | null
  readonly nodes: NodesReport['nodes']
  /** The oldest first. */
  events(): readonly HistoryEvent[]
}
export interface Live {
  readonly message: LiveState
  /** The same as long as there is nothing new: how long somebody has been silent, or a lease lasts, is no news; that he is silent, or it ended, is. */
  readonly mark: string
}

export function liveOf({ coordinators: told, known, status, nodes, events }: Seen): Live {
  const coordinators = coordinatorsOf(told, known)
  const newest = known?.history.revisions.at(-1)
  const message: LiveState = {
    kind: 'state',
    revision: known === null ? null : newestOf(known.history),
    coordinators,
    wanted: known === null ? null : { facts: known.facts.list, idle: idleFacts(known.facts, known.config) },
    status,
    ...(status && isUnsaid(status) ? { events: sinceEvents(events()) } : {}),
    nodes,
    written: newest ? headingOf(newest) : null,
  }
  const members = coordinators.members.map(({ silentMs, ...member }) => ({
    ...member,
    isSilent: isSilentCoordinator({ silentMs }),
  }))
  const mark = {
    ...message,
    coordinators: { ...coordinators, members, faults: coordinatorFaults(coordinators) },
    status: status && newsOf(status),
  }
  return { message, mark: JSON.stringify(mark) }
}

/** Without what changes with every look; of a node that is dead it is said how long ago it was heard. */
const newsOf = ({ counters: _counters, delays: _delays, groups, nodes, troubles, ...status }: Status) => ({
  ...status,
  nodes: nodes.map(({ ageMs, ...node }) => ({
    ...node,
    ...(node.state === 'dead' && typeof ageMs === 'number' ? { age: spanText(ageMs) } : {}),
  })),
  groups: groups.map(({ leftMs: _left, ...group }) => group),
  troubles: troubles.map(({ leftMs: _left, ...trouble }) => trouble),
})
