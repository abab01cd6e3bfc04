/** What operators want for a while, as a status tells it. */
import type { Config } from '@lvsm/model'
import type { Fact, Facts, Wanted } from '@lvsm/protocol'
import { idleFacts } from './consequences.ts'
import { subjectText } from './facts.ts'

export const wantedOf = ({ subject, intent, author, since, until, comment }: Fact, idle = false): Wanted => ({
  what: subjectText(subject),
  intent,
  author,
  since,
  until,
  comment,
  idle,
})

/** All of it, also of what is not there. */
export function allWanted(facts: Facts, config: Config | null): Wanted[] {
  const idle = new Set(config ? idleFacts(facts, config) : [])
  return facts.list.map((fact) => wantedOf(fact, idle.has(fact)))
}
