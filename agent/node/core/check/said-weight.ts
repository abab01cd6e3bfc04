/** The weight that a program or an agent on the realserver says, in place of that of the configuration. */
import { ofAgent } from '@lvsm/health'
import type { Member } from './member.ts'
import { askedFor, healthOf } from './sight.ts'

/** By the last good answer. Who has weight 0 by the configuration keeps it: an operator wants that. */
export function saidWeight(member: Member): number {
  const { weight } = member.realserver
  const { weightSaid, agentSaid, service } = askedFor(member)
  if (weight === 0) return 0
  if (service.check.type === 'agent') return Math.ceil((weight * ofAgent(agentSaid).percent) / 100)
  return weightSaid ?? weight
}
/** Well, and of its own will without new connections: those that it has it keeps. */
export const takesNone = (member: Member): boolean =>
  member.intent === 'serve' &&
  healthOf(member).healthy === true &&
  member.realserver.weight > 0 &&
  saidWeight(member) === 0
