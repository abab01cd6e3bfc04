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

const isLost = ({ unknown: lost }: Member): boolean => lost !== null && lost.times >= MOST_UNKNOWN

/** Services of which this node can ask no realserver: its own verdicts of them stay as they are, whoever owns their group. */
export const blindServices = ({ checks }: NodeState): ReadonlySet<string> => {
  const [blind, seen] = [new Set<string>(), new Set<string>()]
  for (const member of checks.members.values()) (isLost(member) ? blind : seen).add(member.service.name)
  return new Set([...blind].filter((name) => !seen.has(name)))
}

/** Of those services in which no realserver that may serve is known, after all that was asked: whoever takes their group serves none of them. */
export const darkServices = (state: NodeState): ReadonlySet<string> => {
  const [lost, known] = [new Set<string>(), new Set<string>()]
  for (const member of state.checks.members.values()) {
    if (member.intent !== 'serve') continue
    const isDark = isLost(member) && healthOf(member).healthy === null
    ;(isDark ? lost : known).add(member.service.name)
  }
  return new Set([...lost].filter((name) => !known.has(name)))
}

export function unknownTroubles(state: NodeState): Trouble[] {
  const blind = blindServices(state)
  const services = new Map<string, Member[]>()
  for (const member of state.checks.members.values())
    if (isLost(member)) services.set(member.service.name, [...(services.get(member.service.name) ?? []), member])
  return [...services].map(([name, members]): Trouble => {
    const [first] = members
    if (first && blind.has(name)) return unchecked(state, first, members)
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

/** One trouble for a whole service: what keeps its check from being made is the same for all of its realservers. */
function unchecked(state: NodeState, { service, realserver, unknown: lost }: Member, all: readonly Member[]): Trouble {
  const isDark = all.every((member) => healthOf(member).healthy === null)
  const stays = isDark
    ? 'none of its realservers is known, so none serves'
    : 'its realservers stay as they were known last'
  return {
    ...{ code: 'service-unchecked', severity: 'warning', object: `service ${service.name}` },
    message: `${state.node} cannot check service ${service.name}: ${stays}`,
    evidence: lost?.reason ?? '',
    hint: `mend what that says, on ${state.node}; each step of it: lvsm check run ${service.name}/${realserver.node} --explain`,
  }
}
