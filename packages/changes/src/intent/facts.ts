/**
 * What operators want to be so for a while, beside the configuration: facts of their own, which no change and no rollback of the
 * configuration touches. A fact about something that the configuration no longer has waits for it to come back.
 */
import type { Fact, Facts, Intent, Subject } from '@lvsm/protocol'
import { natural } from '../document/order.ts'

/** What can be wanted of each kind of subject. */
export const INTENTS: Readonly<Record<Subject['kind'], readonly Intent[]>> = {
  server: ['drain', 'stop'],
  group: ['stop'],
  node: ['standby'],
  alerts: ['silence'],
}

export const NO_FACTS: Facts = { number: 0, list: [], ends: [] }

/** One more change: without some facts, and with others. `ended`: nodes that are on standby no more, whether the facts had it or not. */
export function changeFacts(
  facts: Facts,
  now: number,
  removed: readonly Fact[],
  added: readonly Fact[],
  ended: readonly string[] = [],
): Facts {
  const number = facts.number + 1
  const list = [...facts.list.filter((fact) => !removed.includes(fact)), ...added]
  const named = ({ subject }: Fact): string[] => (subject.kind === 'node' ? [subject.node] : [])
  const [gone, there] = [[...new Set([...removed.flatMap(named), ...ended])], list.flatMap(named)]
  const ends = [
    ...facts.ends.filter(({ node }) => !gone.includes(node) && !there.includes(node)),
    ...gone.filter((node) => !there.includes(node)).map((node) => ({ node, number, at: now })),
  ]
  return {
    number,
    list: list.toSorted((one, other) => natural(subjectText(one.subject), subjectText(other.subject))),
    ends: ends.toSorted((one, other) => natural(one.node, other.node)),
  }
}

/** `server rs1 of service http`, `server rs1`, `group web`, `node dir1`: equal for equal subjects, and for people. */
export function subjectText(subject: Subject): string {
  switch (subject.kind) {
    case 'server':
      return subject.service === null
        ? `server ${subject.node}`
        : `server ${subject.node} of service ${subject.service}`
    case 'group':
      return `group ${subject.group}`
    case 'node':
      return `node ${subject.node}`
    case 'alerts':
      return `alerts ${subject.match}`
  }
}

export const factAbout = ({ list }: Facts, subject: Subject): Fact | undefined =>
  list.find((fact) => subjectText(fact.subject) === subjectText(subject))

/** What holds for a realserver of a service: the stronger of what is wanted of it there and everywhere. */
export function factOnServer(facts: Facts, service: string, node: string): Fact | undefined {
  const [there, everywhere] = [service, null].map((one) => factAbout(facts, { kind: 'server', node, service: one }))
  return everywhere?.intent === 'stop' ? everywhere : (there ?? everywhere)
}
export type ServerIntent = 'serve' | 'drain' | 'stop'
export function intentOnServer(facts: Facts, service: string, node: string): ServerIntent {
  const intent = factOnServer(facts, service, node)?.intent
  return intent === 'stop' || intent === 'drain' ? intent : 'serve'
}
export const isStopped = (facts: Facts, group: string): boolean =>
  factAbout(facts, { kind: 'group', group }) !== undefined
export const isOnStandby = (facts: Facts, node: string): boolean =>
  factAbout(facts, { kind: 'node', node }) !== undefined

/** When what is left of its connections is cut off; null: nobody said. */
export const deadlineOf = ({ since, deadlineMs }: Pick<Fact, 'since' | 'deadlineMs'>): number | null =>
  deadlineMs === undefined ? null : since + deadlineMs
/** A drain with a deadline becomes a stop then. */
const turnsAt = (fact: Fact): number | null => (fact.intent === 'drain' ? deadlineOf(fact) : null)

/** Facts whose time is over, and those that are left; drains whose deadline has passed are stops. A change of facts, where there are some. */
export function expireFacts(facts: Facts, now: number): { readonly facts: Facts; readonly over: readonly Fact[] } {
  const ended = facts.list.filter(({ until }) => until !== null && until <= now)
  const late = facts.list.filter((fact) => !ended.includes(fact) && (turnsAt(fact) ?? Number.POSITIVE_INFINITY) <= now)
  const over = [...ended, ...late]
  if (over.length === 0) return { facts, over }
  const stops = late.map((fact): Fact => {
    const { deadlineMs: _, ...same } = fact
    return { ...same, intent: 'stop', number: facts.number + 1 }
  })
  return { facts: changeFacts(facts, now, over, stops), over }
}

/** When the next fact is over, or a drain becomes a stop; null when none does by itself. */
export const nextExpiry = ({ list }: Facts): number | null => {
  const ends = list.flatMap((fact) => [fact.until, turnsAt(fact)].filter((at) => at !== null))
  return ends.length === 0 ? null : Math.min(...ends)
}
