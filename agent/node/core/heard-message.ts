/** What another node's agent says, and whose business that is. */
import { decodeMessage } from '@lvsm/protocol'
import { onAlerts } from './alerts/alerting.ts'
import { onAsk, onUnknownAsk } from './command/asked.ts'
import { onAnswer } from './command/forward.ts'
import { noteDiffering } from './differing.ts'
import { noteDifference } from './disagreement.ts'
import { directsGroup } from './entitled.ts'
import { noteHearing } from './hearing.ts'
import { hearClock, noteTold } from './history/history.ts'
import { isDraining, successorPrepared } from './move/owner.ts'
import { prepareFor } from './move/successor.ts'
import { lookWithin } from './observe/look.ts'
import { heardReadiness, heardState, heardTables } from './peers.ts'
import { count, type NodeState } from './state.ts'
import { heardSettings } from './settings.ts'
import { heardSockets } from './check/sights.ts'
import { tellVerdicts } from './verdicts.ts'
import { noteAwareness } from './synchronised.ts'
import { noteSyncHeard } from './sync-silence.ts'

export function onMessage(state: NodeState, from: string, text: string): void {
  const decoded = decodeMessage(text)
  if (!decoded.ok) {
    count(state, `drop-message-${decoded.reason}`)
    if (decoded.ask !== undefined) onUnknownAsk(state, from, decoded.ask)
    return
  }
  const { message } = decoded
  switch (message.kind) {
    case 'state':
      if (heardState(state, from, message)) {
        hearClock(state, message.clock)
        noteDifference(state, from)
        noteHearing(state, from)
        noteAwareness(state, from)
        noteSyncHeard(state, from, message.syncHeard)
        noteDiffering(state)
      }
      return noteTold(state, from, message.events)
    case 'more':
      heardReadiness(state, from, message.ready)
      if (message.settings) heardSettings(state, from, message.settings)
      return noteTold(state, from, message.events)
    case 'alerts':
      return onAlerts(state, from, message)
    case 'tables':
      return heardTables(state, from, message)
    case 'sockets':
      return tellVerdicts(state, heardSockets(state, from, message))
    case 'ask':
      onAsk(state, from, message)
      return lookIfDraining(state)
    case 'answer':
      return onAnswer(state, from, message)
    case 'prepare':
      if (!directsGroup(state, from, message.group)) return count(state, 'drop-message-not-entitled')
      prepareFor(state, from, message)
      return lookWithin(state)
    case 'prepared':
      return successorPrepared(state, from, message)
  }
}

export const lookIfDraining = (state: NodeState): void => (isDraining(state) ? lookWithin(state) : undefined)
