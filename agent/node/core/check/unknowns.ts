/** Realservers of which nobody knows any more: who asks them cannot, so their verdicts stay as they are. */
import type { Trouble } from '@lvsm/base'
import { finish } from '@lvsm/health'
import type { Member } from './member.ts'
import { healthOf } from './sight.ts'
import type { NodeState } from '../state.ts'

/** Answers in a row that say nothing: one of them says little, for a process may end at any time. */
const MOST_UNKNOWN = 3
const NAMED = 3

/** A check that ended, and told nothing: who made it died, or could not. */
export function unknown({ checks, now }: NodeState, id: string, reason: string): void {
  finish(checks.schedule, id, now)
  for (const member of checks.targets.get(id) ?? [])
    member.unknown = { reason, times: (member.unknown?.times ?? 0) + 1 }
}

/** Its first verdict may come any moment; of whom nobody knew again and again it will not, and that is told. */
export const isUnderWay = (member: Member): boolean =>
  healthOf(member).healthy === null && (member.unknown?.times ?? 0) < MOST_UNKNOWN

export function unknownTroubles({ checks }: NodeState): Trouble[] {
  const services = new Map<string, Member[]>()
  for (const member of checks.members.values())
    if (member.unknown && member.unknown.times >= MOST_UNKNOWN)
      services.set(member.service.name, [...(services.get(member.service.name) ?? []), member])
  return [...services].map(([name, members]): Trouble => {
    const [first] = members
    const names = members.slice(0, NAMED).map(({ realserver }) => realserver.node)
    const more = members.length > NAMED ? ` and ${members.length - NAMED} more` : ''
    return {
      code: 'check-unknown',
      severity: 'warning',
      object: `service ${name}`,
      message: `checks of service ${name} say nothing of ${names.join(', ')}${more}: their verdicts stay as they are`,
      evidence: first?.unknown?.reason ?? '',
      hint: `mend what that says; each step of it: lvsm check run ${name}/${first?.realserver.node ?? ''} --explain`,
    }
  })
}
