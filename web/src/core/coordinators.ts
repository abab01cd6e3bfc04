/** What a coordinator says of itself and of the others, and which revision each node's agent uses. */
import { type CoordinatorMember, type CoordinatorsReport, isSilentCoordinator, type LiveState } from '@lvsm/protocol'
import { type Said, say } from './tones.ts'

/** Only a leader hears all others; what one that follows does not know is not shown as good. */
export function memberSaid(member: CoordinatorMember, whole: CoordinatorsReport): Said {
  if (member.self) return selfSaid(whole)
  const { leader, silentMs, phase } = member
  if (isSilentCoordinator(member)) return say('bad', 'silent')
  if (leader) return say('good', 'leads')
  if (silentMs === null) return say('unknown', 'not known here')
  return phase === 'snapshot' ? say('warn', 'is sent a snapshot') : say('good', 'follows')
}

function selfSaid({ expelled, disk, leader, id }: CoordinatorsReport): Said {
  if (expelled !== null) return say('bad', `no member any more: ${expelled}`)
  if (disk !== 'ok') return say('bad', disk === 'full' ? 'its disk is full' : 'its disk is stalled')
  if (leader === null) return say('bad', 'knows no leader: nothing can be changed')
  return say('good', leader === id ? 'leads' : 'follows')
}

export function usesSaid(name: string, { nodes, revision }: Pick<LiveState, 'nodes' | 'revision'>): Said {
  const node = nodes?.find((one) => one.name === name)
  if (!node) return say('off', 'has not joined')
  if (node.revision === null || revision === null) return say('unknown', 'not known')
  if (node.revision === revision) return say('good', `revision ${node.revision}`)
  return say('warn', `revision ${node.revision}, ${revision} is the newest`)
}
