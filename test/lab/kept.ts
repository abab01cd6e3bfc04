/** Whether coordinators kept what they acknowledged: their histories beside a writer's memory. */
import type { RevisionHeading } from '@lvsm/protocol'

export interface Acknowledged {
  readonly comment: string
  readonly revision: number
}
type History = readonly Pick<RevisionHeading, 'number' | 'comment'>[]

/** What is wrong; null: all that was acknowledged is there, in its order, once, and the same on all. */
export function lost(histories: readonly History[], acknowledged: readonly Acknowledged[]): string | null {
  const [history = []] = histories
  if (histories.some((other) => JSON.stringify(other) !== JSON.stringify(history)))
    return 'coordinators have different revisions'
  const gap = history.find(({ number }, index) => number !== (history[0]?.number ?? 0) + index)
  if (gap) return `revision ${gap.number} is out of its order`
  const comments = new Map(history.map(({ number, comment }) => [number, comment]))
  const other = acknowledged.find(({ revision, comment }) => comments.get(revision) !== comment)
  if (other)
    return `revision ${other.revision} was acknowledged as ${other.comment}, and is ${comments.get(other.revision)}`
  const late = acknowledged.find(({ revision }, index) => revision <= (acknowledged[index - 1]?.revision ?? 0))
  if (late) return `revision ${late.revision} was acknowledged after a later one`
  const written = history.map(({ comment }) => comment).filter((comment) => comment !== '')
  const twice = written.find((comment, index) => written.indexOf(comment) !== index)
  return twice === undefined ? null : `${twice} was done twice`
}
