/** What operators want for a while, as a status tells it: beside what it is about, and as one list. */
import type { Config } from '@lvsm/model'
import type {
  DestinationReport,
  Fact,
  Facts,
  GroupReport,
  LocalWord,
  NodeReport,
  RealserverReport,
  Wanted,
} from '@lvsm/protocol'
import { idleFacts } from './consequences.ts'
import { deadlineOf, factAbout, factOnServer, subjectText } from './facts.ts'
import { newerWord, sharedWord } from './newer-word.ts'

/** On standby or not, and by whose word. */
export interface Standing {
  readonly on: boolean
  readonly holds: 'local' | 'shared'
  readonly author: string
}

/** Null: nobody ever said anything of it, and the lease process stays as it is. */
export function standingOf(facts: Facts, node: string, word: LocalWord | null): Standing | null {
  const shared = sharedWord(facts, node)
  if (word && newerWord(word, shared) === 'local') return { on: word.standby, holds: 'local', author: word.author }
  if (shared.fact === null && shared.number === 0) return null
  return { on: shared.fact !== null, holds: 'shared', author: shared.fact?.author ?? 'an operator' }
}

export function wantedOf(fact: Fact, idle = false): Wanted {
  const { subject, intent, author, since, until, comment } = fact
  const deadline = deadlineOf(fact)
  const limited = deadline === null ? {} : { deadline }
  return { what: subjectText(subject), intent, author, since, until, ...limited, comment, idle }
}

/** All of it, also of what is not there. */
export function allWanted(facts: Facts, config: Config | null): Wanted[] {
  const idle = new Set(config ? idleFacts(facts, config) : [])
  return facts.list.map((fact) => wantedOf(fact, idle.has(fact)))
}

/** `dest`: as the owner's table has it; not known where nobody told. */
export function wantedOfServer(
  facts: Facts,
  service: string,
  node: string,
  dest: Pick<DestinationReport, 'weight' | 'active' | 'inactive' | 'doneInMs'> | undefined,
): Partial<Pick<RealserverReport, 'state' | 'wanted' | 'doneInMs'>> {
  const fact = factOnServer(facts, service, node)
  if (!fact) return {}
  const wanted = wantedOf(fact)
  const ended = dest !== undefined && dest.weight === 0
  const done = dest?.doneInMs === undefined ? {} : { doneInMs: dest.doneInMs }
  if (fact.intent === 'stop')
    return { wanted, state: ended && dest.active + dest.inactive === 0 ? 'stopped' : 'stopping', ...done }
  return { wanted, state: ended && dest.active === 0 ? 'drained' : 'draining', ...done }
}

/** Of a group that is to be owned by nobody. `holder`: who owns it still, or is about to have closed it; null: nobody. */
export function wantedOfGroup(
  facts: Facts,
  group: string,
  holder: string | null,
): Partial<Pick<GroupReport, 'wanted' | 'state' | 'reason'>> {
  const fact = factAbout(facts, { kind: 'group', group })
  if (!fact) return {}
  const wanted = wantedOf(fact)
  const by = `stopped by ${fact.author}`
  return holder === null ? { wanted, state: 'stopped', reason: by } : { wanted, reason: `${by}: ${holder} gives it up` }
}

/** Only where one of the two wants standby: that nobody does is the rule. `word`: given at the node itself. */
export function wordsOf(facts: Facts, node: string, word: LocalWord | null): Pick<NodeReport, 'words'> {
  const { fact } = sharedWord(facts, node)
  const standing = standingOf(facts, node, word)
  if (!standing || (fact === null && word?.standby !== true)) return {}
  const local = word && { standby: word.standby, author: word.author, since: word.since }
  return { words: { shared: fact && wantedOf(fact), local, holds: standing.holds } }
}
