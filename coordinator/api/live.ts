/** What a page that is open shows without asking. */
import { idleFacts, newestOf, type State } from '@lvsm/changes'
import type { LiveMessage } from '@lvsm/protocol'
import type { CoordinatorStatus } from '../configuration.ts'
import { coordinatorsOf } from './status.ts'

/** Of a coordinator; longer than any pause of a leader. Milliseconds. */
const SILENT_MS = 5000

export interface Live {
  readonly message: LiveMessage
  /** The same as long as there is nothing new: how long somebody has been silent is no news, that he is, is. */
  readonly mark: string
}

export function liveOf(status: CoordinatorStatus, known: State | null): Live {
  const coordinators = coordinatorsOf(status, known)
  const message: LiveMessage = {
    kind: 'state',
    revision: known === null ? null : newestOf(known.history),
    coordinators,
    wanted: known === null ? null : { facts: known.facts.list, idle: idleFacts(known.facts, known.config) },
  }
  const members = coordinators.members.map(({ silentMs, ...member }) => ({
    ...member,
    isSilent: silentMs !== null && silentMs > SILENT_MS,
  }))
  return { message, mark: JSON.stringify({ ...message, coordinators: { ...coordinators, members } }) }
}
