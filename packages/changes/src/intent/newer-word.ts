/** `lvsm standby` given at a node works without coordinators: when they meet again, the newer word wins. */
import type { Fact, Facts, LocalWord } from '@lvsm/protocol'
import { factAbout } from './facts.ts'

/** What the coordinators know of the same node: the last change, which may be an end. */
export interface SharedWord {
  readonly fact: Fact | null
  /** Of the change of facts that made it so, and when. */
  readonly number: number
  readonly since: number
}

/**
 * A word that was given in knowledge of the other is the newer one, whatever the clocks say: the node's, where it knew what the
 * coordinators had said; theirs, where they said it after the two had met. Where neither knew of the other the clocks have to tell; at
 * the same instant standby wins, which only takes a director out.
 */
export function newerWord(local: LocalWord, shared: SharedWord): 'local' | 'shared' {
  if (local.known >= shared.number) return 'local'
  if (local.met !== undefined && shared.number > local.met) return 'shared'
  if (local.since !== shared.since) return local.since > shared.since ? 'local' : 'shared'
  return local.standby && shared.fact === null ? 'local' : 'shared'
}

/** The coordinators' last word on a node's standby; of a node that they never said anything of, that is the oldest word there is. */
export function sharedWord(facts: Facts, node: string): SharedWord {
  const fact = factAbout(facts, { kind: 'node', node }) ?? null
  if (fact) return { fact, number: fact.number, since: fact.since }
  const end = facts.ends.find((one) => one.node === node)
  return { fact, number: end?.number ?? 0, since: end?.at ?? 0 }
}
