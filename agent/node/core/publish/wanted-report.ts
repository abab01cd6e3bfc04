/** What operators want for a while, as a status tells it beside what it is about. */
import { factAbout, factOnServer, sharedWord, wantedOf } from '@lvsm/changes'
import type { DestinationReport, GroupReport, NodeReport, RealserverReport } from '@lvsm/protocol'
import { stateOf } from '../peers.ts'
import type { NodeState } from '../state.ts'
import { standingOf } from '../wanted.ts'

/** `dest`: as the owner's table has it; not known where nobody told. */
export function wantedOfServer(
  { facts }: NodeState,
  service: string,
  node: string,
  dest: DestinationReport | undefined,
): Partial<Pick<RealserverReport, 'state' | 'wanted'>> {
  const fact = factOnServer(facts, service, node)
  if (!fact) return {}
  const wanted = wantedOf(fact)
  const ended = dest !== undefined && dest.weight === 0
  if (fact.intent === 'stop')
    return { wanted, state: ended && dest.active + dest.inactive === 0 ? 'stopped' : 'stopping' }
  return { wanted, state: ended && dest.active === 0 ? 'drained' : 'draining' }
}

/** Of a group that is to be owned by nobody. `holder`: who owns it still, or is about to have closed it; null: nobody. */
export function wantedOfGroup(
  { facts }: NodeState,
  group: string,
  holder: string | null,
): Partial<Pick<GroupReport, 'wanted' | 'state' | 'reason'>> {
  const fact = factAbout(facts, { kind: 'group', group })
  if (!fact) return {}
  const wanted = wantedOf(fact)
  const by = `stopped by ${fact.author}`
  return holder === null ? { wanted, state: 'stopped', reason: by } : { wanted, reason: `${by}: ${holder} gives it up` }
}

/** Only where one of the two wants standby: that nobody does is the rule. */
export function wordsOf(state: NodeState, node: string): Pick<NodeReport, 'words'> {
  const { facts } = state
  const word = node === state.node ? state.word : (stateOf(state, node)?.word ?? null)
  const { fact } = sharedWord(facts, node)
  const standing = standingOf(facts, node, word)
  if (!standing || (fact === null && word?.standby !== true)) return {}
  const local = word && { standby: word.standby, author: word.author, since: word.since }
  return { words: { shared: fact && wantedOf(fact), local, holds: standing.holds } }
}
