/** What was told some time ago, and nothing new since: what was old then is older now. A coordinator tells no ages as news. */
import { isOld, isSilentCoordinator, type LiveState } from '@lvsm/protocol'
import type { Model } from './model.ts'

/** Milliseconds: whoever hears the page read aloud is not told of each second. */
const STEP_MS = 10_000

/** What is shown, as old as it was when it was last known to be so. */
export function shownOf({ seen, seenAt, heardAt }: Pick<Model, 'seen' | 'seenAt' | 'heardAt'>): LiveState | null {
  if (seen === null || seenAt === null || heardAt === null) return seen
  const byMs = Math.floor((heardAt - seenAt) / STEP_MS) * STEP_MS
  return byMs > 0 ? aged(seen, byMs) : seen
}

/** Who was heard a moment before was heard since: else it would have been told. */
function aged(seen: LiveState, byMs: number): LiveState {
  const { coordinators, status } = seen
  const members = coordinators.members.map((member) =>
    member.silentMs !== null && isSilentCoordinator(member) ? { ...member, silentMs: member.silentMs + byMs } : member,
  )
  const nodes = status?.nodes.map((node) =>
    typeof node.ageMs === 'number' && isOld(node) ? { ...node, ageMs: node.ageMs + byMs } : node,
  )
  return {
    ...seen,
    coordinators: { ...coordinators, members },
    ...(status && nodes ? { status: { ...status, nodes } } : {}),
  }
}
