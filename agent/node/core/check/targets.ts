/** Services that ask the same of the same realserver share one question: it is asked once, and all of them are told the answer. */
import { CHECKS, type ConfigService, probeOf } from '@lvsm/model'
import type { Checks, Member } from './member.ts'

/** What is asked, and when: two with the same text ask the same. Programs are told of the virtual service, too. */
function recipeOf({ check, address, port }: ConfigService): string {
  const { type, keys, intervalMs, timeoutMs, pacing, via } = check
  const { fastIntervalMs, downIntervalMs, jitter } = pacing
  const virtual = probeOf(type) === 'script' ? [address, port] : via === 'vip' ? [via, address, port] : null
  const sorted = Object.entries(keys).sort(([one], [other]) => (one < other ? -1 : 1))
  return JSON.stringify([type, sorted, intervalMs, timeoutMs, fastIntervalMs, downIntervalMs, jitter, virtual])
}

/** Members of each question, by its id, which stays the same as long as what is asked does. */
export function followTargets(checks: Checks): void {
  const before = new Map(checks.recipes)
  checks.recipes.clear()
  checks.targets.clear()
  const numbers = new Map<ConfigService, number>()
  const numberOf = (service: ConfigService): number => {
    const text = recipeOf(service)
    const number = before.get(text) ?? checks.recipes.get(text) ?? (checks.lastRecipe += 1)
    checks.recipes.set(text, number)
    numbers.set(service, number)
    return number
  }
  for (const member of checks.members.values()) {
    const { service, realserver } = member
    if (probeOf(service.check.type) === null) continue
    const number = numbers.get(service) ?? numberOf(service)
    const { type, port } = service.check
    const place = CHECKS[type].asks === 'host' ? 'host' : (port ?? realserver.port)
    // An agent without a word has the server itself asked.
    const server = type === 'agent' ? ` ${service.protocol} ${realserver.port}` : ''
    const id = `${realserver.address} ${place} ${number}${server}`
    member.question = id
    const sharing = checks.targets.get(id)
    if (sharing) sharing.push(member)
    else checks.targets.set(id, [member])
  }
}

/** A new one begins with what is known of its question already. */
export function adopt(checks: Checks, known: ReadonlyMap<string, unknown>): ReadonlySet<Member> {
  const adopted = new Set<Member>()
  for (const members of checks.targets.values()) {
    const teller = members.find(({ id, health }) => known.has(id) && health.healthy !== null)
    if (!teller) continue
    const { health, last, weightSaid, agentSaid } = teller
    for (const member of members)
      if (!known.has(member.id)) {
        Object.assign(member, { health: { ...health, against: 0 }, last, weightSaid, agentSaid })
        adopted.add(member)
      }
  }
  return adopted
}
