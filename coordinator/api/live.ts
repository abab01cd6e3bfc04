/** What a page that is open shows without asking. */
import { idleFacts, newestOf, type State } from '@lvsm/changes'
import {
  type HistoryEvent,
  isGoneCoordinator,
  isOld,
  isSilentCoordinator,
  isUnsaid,
  type LiveState,
  type NodesReport,
  sinceEvents,
  type Status,
} from '@lvsm/protocol'
import type { CoordinatorStatus, MemberId } from '../configuration.ts'
import { headingOf } from './answers.ts'
import { coordinatorsOf } from './status.ts'

/** All that is known here at one moment. */
export interface Seen {
  readonly coordinators: CoordinatorStatus
  readonly known: State | null
  readonly status: Status | null
  readonly nodes: NodesReport['nodes']
  /** Of another coordinator, also where this one does not lead. */
  silentMs(id: MemberId): number
  /** The oldest first. */
  events(): readonly HistoryEvent[]
}
export interface Live {
  readonly message: LiveState
  /**
   * The same as long as there is nothing new: how long somebody has been silent, or a lease lasts, is no news, since the reader counts on from
   * what it was told; that he is silent, or it ended, is.
   */
  readonly mark: string
}

export function liveOf({ coordinators: told, known, status, nodes, silentMs, events }: Seen): Live {
  const coordinators = coordinatorsOf(told, known, silentMs)
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
  const members = coordinators.members.map(({ silentMs: since, ...member }) => ({
    ...member,
    isSilent: isSilentCoordinator({ silentMs: since }),
    isGone: isGoneCoordinator({ silentMs: since }),
  }))
  const mark = {
    ...message,
    coordinators: { ...coordinators, members },
    status: status && newsOf(status),
  }
  return { message, mark: JSON.stringify(mark) }
}

/** Without what changes with every look. */
const newsOf = ({ counters, delays: _delays, groups, nodes, troubles, ...status }: Status) => ({
  ...status,
  dropped: droppedNews(counters),
  nodes: nodes.map(({ ageMs, votesInMs, ...node }) => ({
    ...{ ...node, isYetToVote: votesInMs !== undefined },
    ...(ageMs === undefined ? {} : { isOld: isOld({ ageMs }) }),
  })),
  groups: groups.map(({ leftMs: _left, ...group }) => group),
  troubles: troubles.map(({ leftMs: _left, ...trouble }) => trouble),
})
/** That something is dropped is news, and that it is ten times as much. */
const droppedNews = (counters: Status['counters'] = {}): [string, number][] =>
  Object.entries(counters).flatMap(([name, count]): [string, number][] =>
    name.startsWith('drop-') && count > 0 ? [[name, String(count).length]] : [],
  )
