/** What a node said that is not heard any more: who knows it better by now? Of itself nobody does. */
import type { CauseReport } from '@lvsm/protocol'
import { ownership } from '../lease.ts'
import type { NodeState } from '../state.ts'
import { isHeard } from './book.ts'
import { isOverflow } from './room.ts'
import { mayTell } from './tellers.ts'

/** Every node that may tell says it by itself. */
const isSaidByAll = ({ code, object }: CauseReport): boolean =>
  code === 'node-dead' || code.startsWith('coordinator-') || object === 'coordinators' || isOverflow({ code, object })

/** True: what it said last counts no more. */
export const mootIn =
  (state: NodeState) =>
  (node: string, cause: CauseReport): boolean => {
    const { object } = cause
    if (object === `node ${node}`) return false
    const { config, alerting, now } = state
    const hears = (other: string): boolean => other !== node && isHeard(alerting.book, other, now)
    const [kind, name] = object.split(' ', 2)
    if (kind === 'group' || kind === 'service') {
      const group = kind === 'group' ? name : config?.services.find((one) => one.name === name)?.group
      if (group === undefined || config?.groups.some((one) => one.name === group) !== true) return true
      const owner = ownership(state, group)?.owner ?? null
      return owner !== null && hears(owner)
    }
    // Whether a receiver can be told is of interest where the one lives that tells it.
    return (kind === 'receiver' || isSaidByAll(cause)) && mayTell(state).some(hears)
  }
