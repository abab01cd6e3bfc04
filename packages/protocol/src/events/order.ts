/**
 * Events of several nodes in the order of cause, the same on every node that has the same events:
 *
 * - of one life of a node as it counted them;
 * - about who owns a group by the number of the lease: it was lost before the next one was taken, whatever clocks say;
 * - all else by the causal clock (packages/base, `causal-clock.ts`). The wall clock orders nothing.
 *
 * Numbers of leases count only among events that are close to each other: a cluster that was set up anew begins at 1 again. Close are
 * those whose clocks are, and those of one age: nodes that start together with wall clocks an hour apart tell of their first seconds by
 * clocks that are so, too.
 */
import { isOfLease } from './kinds.ts'

export interface Placed {
  readonly node: string
  readonly group: string
  readonly kind: string
  readonly number: number
  /** Microseconds of the causal clock. */
  readonly clock: number
  /** Milliseconds; not there: nobody knows. */
  readonly ageMs?: number
  /** The life of the node's agent in which it was told first, and its number there; not there: an older agent told it. */
  readonly origin?: { readonly life: string; readonly serial: number }
}

/** Clocks of nodes that hear each other differ by far less. Microseconds. */
const CLOSE = 60_000_000
const CLOSE_MS = CLOSE / 1000
/** So many events of one group on either side are looked at: nobody who tells without end holds up the list. */
const MOST_NEIGHBOURS = 64

export function ordered<Event extends Placed>(events: readonly Event[]): Event[] {
  const sorted = events.toSorted(byClock)
  const causes = causesOf(sorted)
  const found: Event[] = []
  const asked = sorted.map(() => 0)
  const states = sorted.map((): 'waits' | 'open' | 'done' => 'waits')
  for (let first = 0; first < sorted.length; first++) {
    // What has to come before is pulled forward. Who lied may have made a ring of causes: it is cut.
    const open = states[first] === 'waits' ? [first] : []
    for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
      states[at] = 'open'
      const cause = causes[at]?.[asked[at] ?? 0]
      asked[at] = (asked[at] ?? 0) + 1
      if (cause !== undefined) {
        if (states[cause] === 'waits') open.push(cause)
        continue
      }
      open.pop()
      states[at] = 'done'
      const event = sorted[at]
      if (event) found.push(event)
    }
  }
  return found
}

const compare = (one: string | number, other: string | number): number => (one < other ? -1 : one > other ? 1 : 0)
const byClock = (one: Placed, other: Placed): number =>
  compare(one.clock, other.clock) ||
  compare(one.node, other.node) ||
  compare(one.origin?.life ?? '', other.origin?.life ?? '') ||
  compare(serialOf(one), serialOf(other))
const serialOf = (event: Placed | undefined): number => event?.origin?.serial ?? 0

/** To each the places of those that must come before it, the earliest first. */
function causesOf(sorted: readonly Placed[]): number[][] {
  const causes = sorted.map((): number[] => [])
  for (const life of grouped(sorted, ({ node, origin }) => (origin ? `${node} ${origin.life}` : null))) {
    const counted = life.toSorted((one, other) => compare(serialOf(sorted[one]), serialOf(sorted[other])))
    counted.forEach((place, index) => causes[place]?.push(...counted.slice(Math.max(0, index - 1), index)))
  }
  const ofLease = ({ group, kind, number }: Placed): string | null => (isOfLease(kind) && number > 0 ? group : null)
  for (const group of grouped(sorted, ofLease)) byNumber(sorted, group, causes)
  return causes.map((places) => places.toSorted(compare))
}

function byNumber(sorted: readonly Placed[], group: readonly number[], causes: number[][]): void {
  for (const [index, place] of group.entries()) {
    for (const later of group.slice(index + 1, index + 1 + MOST_NEIGHBOURS)) {
      const [one, other] = [sorted[place], sorted[later]]
      if (!one || !other || !isClose(one, other)) continue
      if (one.number < other.number) causes[later]?.push(place)
      if (one.number > other.number) causes[place]?.push(later)
    }
  }
}

const isClose = (one: Placed, other: Placed): boolean =>
  Math.abs(other.clock - one.clock) <= CLOSE ||
  Math.abs((other.ageMs ?? Number.POSITIVE_INFINITY) - (one.ageMs ?? Number.NEGATIVE_INFINITY)) <= CLOSE_MS

/** Places by a name, each list in their order; null: in none. */
function grouped(sorted: readonly Placed[], nameOf: (event: Placed) => string | null): Iterable<readonly number[]> {
  const groups = new Map<string, number[]>()
  for (const [place, event] of sorted.entries()) {
    const name = nameOf(event)
    if (name === null) continue
    const known = groups.get(name)
    if (known) known.push(place)
    else groups.set(name, [place])
  }
  return groups.values()
}
