/** Pure: who claimed an address when, and for how long there were two. */
import type { Change, Overlap, Reign, Silence } from '../../../scripts/lab/reports.ts'

export type ClaimKind = 'answer' | 'announce' | 'source'

/** One frame that said "this address is here". */
export interface Claim {
  /** Milliseconds. */
  readonly at: number
  /** Node, or hardware address of a stranger. */
  readonly owner: string
  readonly kind: ClaimKind
}

export interface Judgement {
  readonly reigns: readonly Reign[]
  readonly changes: readonly Change[]
  readonly overlaps: readonly Overlap[]
  /** Length of the union of all overlaps. */
  readonly twoOwnersMs: number
}

export interface Measure {
  /** A silence longer than this ends a reign; shorter than any move there and back. */
  readonly quiet: number
  /** What a single claim inside the other's reign counts at least: the asker's interval. */
  readonly quantum: number
}

/** Reigns of every owner, by their beginning. Claims need not be sorted. */
export function reignsOf(claims: readonly Claim[], quiet: number): Reign[] {
  const byOwner = Map.groupBy(
    [...claims].sort((a, b) => a.at - b.at),
    (claim) => claim.owner,
  )
  const reigns: Reign[] = []
  for (const [owner, own] of byOwner) {
    let open: { -readonly [K in keyof Reign]: Reign[K] } | undefined
    for (const { at, kind } of own) {
      if (!open || at - open.to > quiet) {
        open = { owner, from: at, to: at, answers: 0, announces: 0, sources: 0 }
        reigns.push(open)
      }
      open.to = at
      open[`${kind}s`] += 1
    }
  }
  // Of two that began together the longer one comes first, whatever the order of the claims.
  return reigns.sort((a, b) => a.from - b.from || b.to - a.to || a.owner.localeCompare(b.owner))
}

/**
 * Two owners: the reigns of two intersect. A clean change has the old owner's last claim before the new one's first,
 * so it counts nothing. A claim of one inside the other's reign (an answer of B, then again one of A) counts at least
 * `quantum`, because one stale frame turns the clients' caches as well as many.
 */
export function overlapsOf(reigns: readonly Reign[], quantum: number): Omit<Overlap, 'frames'>[] {
  const overlaps: Omit<Overlap, 'frames'>[] = []
  for (const [index, one] of reigns.entries()) {
    for (const other of reigns.slice(index + 1)) {
      if (other.owner === one.owner || other.from >= one.to) continue
      const to = Math.min(one.to, other.to)
      overlaps.push({ owners: [one.owner, other.owner], from: other.from, to: Math.max(to, other.from + quantum) })
    }
  }
  return overlaps
}

/** Frames that a report of two owners names: before the second owner's first one, and from it on. */
const BEFORE = 5
const FROM = 25

/** The frames around the beginning of an overlap, each with its time since then. */
function framesAround(claims: readonly Claim[], { owners, from }: Pick<Overlap, 'owners' | 'from'>): string[] {
  const theirs = claims.filter(({ owner }) => owners.includes(owner)).sort((a, b) => a.at - b.at)
  const first = theirs.findIndex(({ at }) => at >= from)
  return theirs
    .slice(Math.max(0, first - BEFORE), first + FROM)
    .map(({ owner, kind, at }) => `${owner} ${kind} ${(at - from).toFixed(2)} ms`)
}

/** Length of the union of intervals. */
export function unionLength(intervals: readonly { readonly from: number; readonly to: number }[]): number {
  let length = 0
  let end = Number.NEGATIVE_INFINITY
  for (const { from, to } of [...intervals].sort((a, b) => a.from - b.from)) {
    if (to > end) length += to - Math.max(from, end)
    end = Math.max(end, to)
  }
  return length
}

export function judge(claims: readonly Claim[], { quiet, quantum }: Measure): Judgement {
  const reigns = reignsOf(claims, quiet)
  const overlaps = overlapsOf(reigns, quantum)
  const changes = reigns.slice(1).flatMap((next, index) => {
    const before = reigns[index] as Reign
    return before.owner === next.owner
      ? []
      : [{ from: before.owner, to: next.owner, at: next.from, gap: next.from - before.to }]
  })
  const told = overlaps.map((overlap) => ({ ...overlap, frames: framesAround(claims, overlap) }))
  return { reigns, changes, overlaps: told, twoOwnersMs: unionLength(overlaps) }
}

/** Times without an answer that are longer than `least`, beginning and end included. */
export function silencesOf(answers: readonly number[], from: number, to: number, least: number): Silence[] {
  const marks = [from, ...answers, to]
  return marks.slice(1).flatMap((at, index) => {
    const before = marks[index] as number
    return at - before > least ? [{ from: before, ms: at - before }] : []
  })
}
