/** What a page that is open shows without asking. */
import { idleFacts, newestOf, type State } from '@lvsm/changes'
import type { LiveState, NodesReport, Status } from '@lvsm/protocol'
import type { CoordinatorStatus } from '../configuration.ts'
import { headingOf } from './answers.ts'
import { coordinatorsOf } from './status.ts'

/** Of a coordinator; longer than any pause of a leader. Milliseconds. */
const SILENT_MS = 5000

/** All that is known here at one moment. */
export interface Seen {
  readonly coordinators: CoordinatorStatus
  readonly known: State | null
  readonly status: Status | null
  readonly nodes: NodesReport['nodes']
}
export interface Live {
  readonly message: LiveState
  /** The same as long as there is nothing new: how long somebody has been silent, or a lease lasts, is no news; that he is silent, or it ended, is. */
  readonly mark: string
}

export function liveOf({ coordinators: told, known, status, nodes }: Seen): Live {
  const coordinators = coordinatorsOf(told, known)
  const newest = known?.history.revisions.at(-1)
  const message: LiveState = {
    kind: 'state',
    revision: known === null ? null : newestOf(known.history),
    coordinators,
    wanted: known === null ? null : { facts: known.facts.list, idle: idleFacts(known.facts, known.config) },
    status,
    nodes,
    written: newest ? headingOf(newest) : null,
  }
  const members = coordinators.members.map(({ silentMs, ...member }) => ({
    ...member,
    isSilent: silentMs !== null && silentMs > SILENT_MS,
  }))
  const mark = { ...message, coordinators: { ...coordinators, members }, status: status && newsOf(status) }
  return { message, mark: JSON.stringify(mark) }
}

/** Without what changes with every look. */
const newsOf = ({ counters: _counters, delays: _delays, groups, nodes, troubles, ...status }: Status) => ({
  ...status,
  nodes: nodes.map(({ ageMs: _age, ...node }) => node),
  groups: groups.map(({ leftMs: _left, ...group }) => group),
  troubles: troubles.map(({ leftMs: _left, ...trouble }) => trouble),
})
