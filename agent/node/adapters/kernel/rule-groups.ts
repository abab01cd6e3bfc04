/**
 * Rules that need something of the kernel of their own, each by itself: where it takes not all of them, it takes those that it can, so that one
 * module that is missing (a copy of packets for a planned move) leaves no port open and no mark unset.
 */
import type { NatRules } from '@lvsm/plan'

const NONE: NatRules = { untranslated: [], masquerade: [], handover: [], suppressRst: [] }

interface Group {
  /** In a sentence: what does not stand. */
  readonly title: string
  of(needs: NatRules): Partial<NatRules>
}
/** What guards comes first. */
const GROUPS: readonly Group[] = [
  { title: 'the port of synchronisation', of: ({ sync }) => (sync ? { sync } : {}) },
  { title: 'the rules of tunnels', of: ({ tunnels }) => (tunnels ? { tunnels } : {}) },
  { title: 'marks', of: ({ marks }) => (marks ? { marks } : {}) },
  {
    title: 'NAT',
    of: ({ untranslated, masquerade, here, sources }) => ({
      ...{ untranslated, masquerade },
      ...(here ? { here } : {}),
      ...(sources ? { sources } : {}),
    }),
  },
  { title: 'refusals that are kept back', of: ({ suppressRst }) => ({ suppressRst }) },
  { title: 'checks through the VIP', of: ({ through }) => (through ? { through } : {}) },
  { title: 'what connection tracking must not see', of: ({ untracked }) => (untracked ? { untracked } : {}) },
  { title: 'packets that are handed back in a move', of: ({ handover }) => ({ handover }) },
]
const isEmpty = (part: Partial<NatRules>): boolean =>
  Object.values(part).every((value) => Array.isArray(value) && value.length === 0)

export interface Loadable {
  readonly needs: NatRules | null
  /** Titles. */
  readonly without: readonly string[]
}
/** Was one of these among the rules? Then they guard something, and are better than what comes without it. */
export const hadAny = (rules: NatRules | null, titles: readonly string[]): boolean =>
  rules !== null && GROUPS.some(({ title, of }) => titles.includes(title) && !isEmpty(of(rules)))

/** As much as `takes` takes, one group after the other; what it took last stands. */
export function asMuchAs(needs: NatRules, takes: (some: NatRules) => boolean): Loadable {
  let taken: NatRules | null = null
  const without: string[] = []
  for (const { title, of } of GROUPS) {
    const part = of(needs)
    if (isEmpty(part)) continue
    const more: NatRules = { ...(taken ?? NONE), ...part }
    if (takes(more)) taken = more
    else without.push(title)
  }
  return { needs: taken, without }
}
