/**
 * What is remembered of what happened, here and as others told it: a ring in memory, which outlives this process in a file (`keep.ts`).
 * Events are ordered by a causal clock, and those of this node wait for it while it listens after the start.
 */
import { type CausalClock, type Instant, NEVER_BEFORE, type Severity, type TokenBucket } from '@lvsm/base'
import { type HistoryEvent, isEntitled } from '@lvsm/protocol'

export const LONGEST_HISTORY = 500

export interface Entry {
  /** Without its clock and its age. */
  readonly event: HistoryEvent
  /** By which it is known again. */
  readonly key: string
  /** By this machine's clock; before its start, where an earlier life of this agent told it. */
  readonly happenedAt: Instant
  /** Here; never, where it was in the file. */
  readonly addedAt: Instant
  /** One more with each that comes. */
  readonly arrived: number
  /** Of this node's own, counted from 1 in this life of the agent; else 0. */
  readonly serial: number
  /** Microseconds of the causal clock; null: not known yet. */
  clock: number | null
}

/** A trouble that was told as begun. */
export interface Lasting {
  readonly code: string
  readonly object: string
  /** As it was said last. */
  message: string
  /** Not there: an earlier life of this agent told it, and no disk keeps how bad it was. */
  severity?: Severity
  readonly since: Instant
  /** An earlier life of this agent told it, and this one has not found it yet. */
  isCarried: boolean
  /** Not seen any more since then; null: it is there. */
  goneAt: Instant | null
}

/** Of one group: who held it last as far as is known, when it was taken without an order, and when this node offered it last. */
export interface Takings {
  readonly last: { readonly owner: string; readonly number: number } | null
  readonly times: readonly Instant[]
  readonly offeredAt: Instant
}
export interface History {
  /** In the order in which they were heard. */
  readonly entries: Entry[]
  readonly known: Set<string>
  readonly clock: CausalClock
  /** Own events so far, and all. */
  happened: number
  arrived: number
  /** By node: how many new events of it are still taken, as of then. */
  readonly budgets: Map<string, TokenBucket>
  /** Troubles that were told as begun, by what is the same of them while figures change. */
  readonly lasting: Map<string, Lasting>
  /** By code of a trouble: how many began lately. */
  readonly begun: Map<string, TokenBucket>
  /** What the wall clock is ahead of this machine's own, milliseconds. */
  wallAheadMs: number
  /** How often it was set. */
  wallSet: number
  /** Somebody started anew and missed what happened before: it is told again until then. */
  retellUntil: Instant
  /** When it is written to the disk; null: the disk has it. */
  keepAt: Instant | null
  keptAt: Instant
  readonly machine: string
  /** Program → the life of it that was told of last. */
  readonly programs: Map<string, string>
  /** Group → who took it, and when. */
  readonly takings: Map<string, Takings>
  /** The last event of the lease process that was heard; null: none ever. */
  told: { readonly incarnation: string; readonly serial: number } | null
  /** Group → the highest lease number of which this node knows. */
  readonly numbers: Map<string, number>
}

export const newHistory = (clock: CausalClock, wallAheadMs: number, machine: string): History => ({
  entries: [],
  known: new Set(),
  clock,
  happened: 0,
  arrived: 0,
  budgets: new Map(),
  lasting: new Map(),
  begun: new Map(),
  wallAheadMs,
  wallSet: 0,
  retellUntil: NEVER_BEFORE,
  keepAt: null,
  keptAt: NEVER_BEFORE,
  machine,
  programs: new Map(),
  told: null,
  numbers: new Map(),
  takings: new Map(),
})

/** The same is known again by where it was told first; of an older agent by all that it says. */
export const keyOf = ({ at, node, group, kind, number, reason, origin }: HistoryEvent): string =>
  JSON.stringify(origin ? [node, origin.life, origin.serial] : [at, node, group, kind, number, reason])

/** False: it is known already. */
export function put(history: History, entry: Omit<Entry, 'arrived'>): boolean {
  const { known, entries } = history
  if (known.has(entry.key)) return false
  known.add(entry.key)
  history.arrived += 1
  entries.push({ ...entry, arrived: history.arrived })
  if (entries.length > LONGEST_HISTORY) {
    const [oldest] = entries.splice(oldestOf(history, talker(history)), 1)
    if (oldest) known.delete(oldest.key)
  }
  return true
}

/** Who has most of the room: a node that talks a lot pushes out its own words. */
function talker({ entries }: History): string {
  const counts = new Map<string, number>()
  for (const { event } of entries) counts.set(event.node, (counts.get(event.node) ?? 0) + 1)
  return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most))[0]
}

/** Who owned what stays, as long as it is the smaller part: a realserver that fails and recovers without end is not to push it out. */
function oldestOf({ entries }: History, node: string): number {
  const its = entries.flatMap(({ event }, at) => (event.node === node ? [{ at, moves: isEntitled(event.kind) }] : []))
  const lesser = its.filter(({ moves }) => !moves)
  const [oldest] = lesser.length >= its.length / 2 ? lesser : its
  return oldest?.at ?? 0
}

/** A lease of that number was held. */
export function knowNumber({ numbers }: History, group: string, number: number): void {
  if (number > (numbers.get(group) ?? 0)) numbers.set(group, number)
}
