/** What other nodes' reconcilers said lately. */
import { between, type Instant } from '@lvsm/base'
import type { DestReport, StateWord, TableWord } from './words.ts'

/** A reconciler that was silent this long counts as gone: it speaks every two seconds. */
const FRESH_MS = 6000

export interface Peers {
  state(from: string, word: StateWord, now: Instant): void
  /** Why a node could not take these groups. */
  ready(from: string, groups: Readonly<Record<string, string>>, now: Instant): void
  table(from: string, word: TableWord, now: Instant): void
  /** Null when the node's reconciler is silent. */
  stateOf(node: string, now: Instant): StateWord | null
  /** Why a node could not take a group now; empty text: it could; null: it did not say so lately. */
  readyOf(node: string, group: string, now: Instant): string | null
  destOf(node: string, service: string, key: string, now: Instant): DestReport | null
}

export function createPeers(): Peers {
  const states = new Map<string, { readonly at: Instant; readonly word: StateWord }>()
  const readiness = new Map<string, { readonly at: Instant; readonly why: string }>()
  const dests = new Map<string, { readonly at: Instant; readonly dest: DestReport }>()
  const fresh = (at: Instant | undefined, now: Instant): boolean => at !== undefined && between(at, now) < FRESH_MS
  const ready = (from: string, groups: Readonly<Record<string, string>>, now: Instant): void => {
    for (const [group, why] of Object.entries(groups)) readiness.set(`${from} ${group}`, { at: now, why })
  }
  return {
    state(from, word, now) {
      states.set(from, { at: now, word })
      ready(from, word.ready, now)
    },
    ready,
    table(from, word, now) {
      for (const [service, list] of Object.entries(word.services))
        for (const dest of list) dests.set(`${from} ${service} ${dest.key}`, { at: now, dest })
    },
    stateOf(node, now) {
      const heard = states.get(node)
      return heard && fresh(heard.at, now) ? heard.word : null
    },
    readyOf(node, group, now) {
      const heard = readiness.get(`${node} ${group}`)
      return heard && fresh(heard.at, now) ? heard.why : null
    },
    destOf(node, service, key, now) {
      const heard = dests.get(`${node} ${service} ${key}`)
      return heard && fresh(heard.at, now) ? heard.dest : null
    },
  }
}
