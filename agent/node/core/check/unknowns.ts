/** Realservers of which nobody knows any more: who asks them cannot, so their verdicts stay as they are. */
import { type Trouble, listed } from '@lvsm/base'
import { finish } from '@lvsm/health'
import type { Member } from './member.ts'
import { isTracking } from './initial.ts'
import { askedFor, healthOf } from './sight.ts'
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
  healthOf(member).healthy === null && !isLost(member) && !(isTracking(member.service) && member.tracked === null)

const isLost = (member: Member): boolean => (askedFor(member).unknown?.times ?? 0) >= MOST_UNKNOWN

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
  // Whose check it is says so.
  for (const member of state.checks.members.values())
    if (isLost(member) && member.tracked === null)
      services.set(member.service.name, [...(services.get(member.service.name) ?? []), member])
  const byReason = new Map<string, (readonly Member[])[]>()
  for (const [name, members] of services) {
    const reason = members[0]?.unknown?.reason ?? ''
    if (blind.has(name)) byReason.set(reason, [...(byReason.get(reason) ?? []), members])
  }
  const some = [...services].filter(([name]) => !blind.has(name))
  return [...[...byReason.values()].flatMap((all) => unchecked(state, all)), ...some.map(silent)]
}

function silent([name, members]: readonly [string, readonly Member[]]): Trouble {
  const [first] = members
  const names = namesOf(members.map(({ realserver }) => realserver.node))
  return {
    code: 'check-unknown',
    severity: 'warning',
    object: `service ${name}`,
    message: `checks of service ${name} say nothing of ${names}: their verdicts stay as they are`,
    evidence: first?.unknown?.reason ?? '',
    hint: `mend what that says; each step of it: lvsm check run ${name}/${first?.realserver.node ?? ''} --explain`,
  }
}
const namesOf = (names: readonly string[]): string => listed(names, NAMED)

/** One trouble for all services of which nothing is known for one reason: what ended, or is missing, keeps all of them from being checked. */
function unchecked(state: NodeState, services: readonly (readonly Member[])[]): Trouble[] {
  const [first] = services.flat()
  if (!first) return []
  const names = services.flatMap(([one]) => one?.service.name ?? [])
  const isOne = names.length === 1
  return [
    {
      ...{ code: 'service-unchecked', severity: 'warning' },
      object: isOne ? `service ${first.service.name}` : `node ${state.node}`,
      message: `${state.node} cannot check service${isOne ? '' : 's'} ${namesOf(names)}: ${staysOf(services.flat(), isOne ? 'its' : 'their')}`,
      evidence: first.unknown?.reason ?? '',
      hint: `mend what that says, on ${state.node}; each step of it: lvsm check run ${first.service.name}/${first.realserver.node} --explain`,
    },
  ]
}

/** Who was never checked does not serve; who was stays. */
function staysOf(members: readonly Member[], whose: string): string {
  const never = members.filter((member) => healthOf(member).healthy === null).length
  if (never === members.length) return `none of ${whose} realservers is known, so none serves`
  const stay = `${whose} realservers stay as they were known last`
  return never === 0 ? stay : `${stay}, and those that were never known do not serve`
}
