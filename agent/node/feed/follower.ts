/**
 * What an agent has of the configuration, and what it takes of what a coordinator says. Pure: a message makes effects, and what it
 * has changes when it has been kept (`kept`), not before.
 *
 * Laws: revisions go forward only, each made of the one before or a whole; nothing is taken whose checksum is another; what is not
 * understood is not taken, and what comes after it is asked for anew.
 */
import type { Trouble } from '@lvsm/base'
import {
  applyDifferences,
  canonicalText,
  type Document,
  documentOf,
  NO_FACTS,
  sameData,
  writtenOf,
} from '@lvsm/changes'
import { judge, type Written } from '@lvsm/model'
import type { Facts, FeedCoordinator, FeedMessage, FollowerMessage, KeyRing } from '@lvsm/protocol'
import { damaged, notFollowed, older, strange } from './troubles.ts'

export interface Held {
  readonly revision: number
  /** SHA-256 of the canonical text of its file. */
  readonly sum: string
  readonly document: Document
}
export interface Follower {
  readonly held: Held | null
  readonly facts: Facts | null
  readonly coordinators: readonly FeedCoordinator[] | null
  /** Heartbeat keys of all nodes. */
  readonly keys: KeyRing | null
  /** What it waits for since it said last what it has: `whole` where it said that it does not trust that. */
  readonly asked: 'nothing' | 'news' | 'whole'
  /** A newer revision is not understood. */
  readonly strange: Trouble | null
}
/** To be written to the disk; then comes `kept`, and only then it is used. */
export type Keep =
  | { readonly kind: 'keep'; readonly held: Held; readonly file: unknown }
  | { readonly kind: 'keep-facts'; readonly facts: Facts }
  | { readonly kind: 'keep-coordinators'; readonly list: readonly FeedCoordinator[] }
  | { readonly kind: 'keep-keys'; readonly ring: KeyRing }
export type Effect =
  | Keep
  | { readonly kind: 'say'; readonly message: FollowerMessage }
  /** To another coordinator: this one is of no use now. */
  | { readonly kind: 'leave'; readonly trouble: Trouble }
  /** It says so itself, and goes on hearing what this node says. */
  | { readonly kind: 'refused'; readonly trouble: Trouble }
  /** Asked so many times by now, this is the newest revision of the coordinators; null: they cannot say. */
  | { readonly kind: 'proved'; readonly number: number; readonly revision: number | null }
  /** All that this coordinator has is here, or was not understood. */
  | { readonly kind: 'current'; readonly trouble: Trouble | null }

/** SHA-256 of a text in UTF-8, hexadecimal digits. */
export type Digest = (text: string) => string
export interface Step {
  readonly follower: Follower
  readonly effects: readonly Effect[]
}
const step = (follower: Follower, ...effects: readonly Effect[]): Step => ({ follower, effects })

export const NOTHING_HELD: Follower = {
  held: null,
  facts: null,
  coordinators: null,
  keys: null,
  asked: 'nothing',
  strange: null,
}
export const revisionOf = ({ held }: Follower): number => held?.revision ?? 0

/** What this node uses by now. `epoch`, `ring`: 0 where that is not known. */
export const appliedWord = (
  revision: number,
  { epoch, ring, facts }: { readonly epoch: number; readonly ring: number; readonly facts: Facts | null },
): FollowerMessage => ({
  kind: 'applied',
  revision,
  ...(epoch > 0 ? { epoch } : {}),
  ...(ring > 0 ? { ring } : {}),
  facts: (facts ?? NO_FACTS).number,
})

/** A connection was made, or something is missing. */
export const ask = (follower: Follower, what: 'news' | 'whole' = 'news'): Step => {
  const sum = what === 'whole' ? null : (follower.held?.sum ?? null)
  return step(
    { ...follower, asked: what },
    { kind: 'say', message: { kind: 'follow', revision: revisionOf(follower), sum } },
  )
}
/** What an effect asked for is on the disk. */
export function kept(follower: Follower, effect: Keep): Follower {
  switch (effect.kind) {
    case 'keep':
      return { ...follower, held: effect.held, asked: 'nothing', strange: null }
    case 'keep-facts':
      return { ...follower, facts: effect.facts }
    case 'keep-coordinators':
      return { ...follower, coordinators: effect.list }
    case 'keep-keys':
      return { ...follower, keys: effect.ring }
  }
}

export function hear(follower: Follower, message: FeedMessage, digest: Digest): Step {
  switch (message.kind) {
    case 'whole':
      return onWhole(follower, message, digest)
    case 'change':
      return onChange(follower, message, digest)
    case 'facts':
      return onFacts(follower, message.facts)
    case 'coordinators': {
      const { list } = message
      if (list.length === 0 || sameData(list, follower.coordinators)) return step(follower)
      return step(follower, { kind: 'keep-coordinators', list })
    }
    case 'proved':
      return step(follower, message)
    case 'keys': {
      // Counted: an older ring is from a coordinator that is behind.
      const isNews = message.ring.number > (follower.keys?.number ?? 0)
      return isNews ? step(follower, { kind: 'keep-keys', ring: message.ring }) : step(follower)
    }
    // Nothing of the configuration.
    case 'reported':
    case 'cluster':
    case 'troubles':
      return step(follower)
    case 'refused':
      return step(follower, { kind: 'refused', trouble: notFollowed(message.refusal, revisionOf(follower)) })
  }
}

function onWhole(follower: Follower, message: Extract<FeedMessage, { kind: 'whole' }>, digest: Digest): Step {
  const { revision, file, sum } = message
  const own = revisionOf(follower)
  if (revision < own) return step(follower, { kind: 'leave', trouble: older(revision, own) })
  if (revision === own && sum === follower.held?.sum) return step({ ...follower, asked: 'nothing', strange: null })
  if (digest(canonicalText(file)) !== sum) return doubted(follower, revision)
  return taken(follower, file, revision, sum)
}

function onChange(follower: Follower, message: Extract<FeedMessage, { kind: 'change' }>, digest: Digest): Step {
  const { from, to, change, sum } = message
  const { held } = follower
  // It comes late: what was asked for since is newer.
  if (to <= revisionOf(follower)) return step(follower)
  if (!held || from !== held.revision) return follower.asked === 'nothing' ? ask(follower) : step(follower)
  const file = carriedOut(held.document, change, to)
  if (file === null || digest(canonicalText(file)) !== sum)
    return follower.asked === 'whole' ? step(follower) : ask(follower, 'whole')
  return taken(follower, file, to, sum)
}

/** Null: the differences make no document of it. */
function carriedOut(
  document: Document,
  change: Extract<FeedMessage, { kind: 'change' }>['change'],
  revision: number,
): Written | null {
  try {
    return writtenOf(applyDifferences(document, change), revision)
  } catch {
    return null
  }
}

/** A damaged whole: once more, and then another coordinator is asked. */
const doubted = (follower: Follower, revision: number): Step =>
  follower.asked === 'whole'
    ? step(follower, { kind: 'leave', trouble: damaged(revision, revisionOf(follower)) })
    : ask(follower, 'whole')

function taken(follower: Follower, file: unknown, revision: number, sum: string): Step {
  const { config, written, faults } = judge(file)
  const held = written && config.revision === revision ? { revision, sum, document: documentOf(written) } : null
  if (held) return step(follower, { kind: 'keep', held, file })
  const fault = faults?.[0]?.message ?? `it says that it is revision ${config?.revision}`
  return step({ ...follower, asked: 'nothing', strange: strange(revision, revisionOf(follower), fault) })
}

/** They are counted: an older count is what is known already. They come last, so that all else is here. */
function onFacts(follower: Follower, facts: Facts): Step {
  const own = follower.facts ?? NO_FACTS
  const isNews = facts.number >= own.number && !sameData(facts, own)
  const keep: readonly Effect[] = isNews ? [{ kind: 'keep-facts', facts }] : []
  // What was not trusted is answered first: these were on their way before.
  if (follower.asked === 'whole') return step(follower, ...keep)
  return step({ ...follower, asked: 'nothing' }, ...keep, { kind: 'current', trouble: follower.strange })
}
