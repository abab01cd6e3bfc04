/**
 * As much of a plan as one step carries out: a large one must not keep the agent from all else. Any beginning of a plan is safe, since a plan
 * stands in the order in which it is safe; what is left is in the plan of the next look. The operations of one service stay together: whether
 * one of them is held back depends on those after it (`held-back`).
 */
import { serviceKey } from '@lvsm/model'
import { describeOperation, type Operation } from './operation.ts'

/** Some 30 µs each on a common machine. */
export const MOST_CHANGES = 2000

/** What is refused, and held back, together. */
const keyOf = (operation: Operation): string =>
  'service' in operation ? serviceKey(operation.service) : describeOperation(operation)

/** `refused`: what the kernel refused of it before. That is tried again and counts for nothing, or it would keep the rest from its turn. */
export function portion(
  plan: readonly Operation[],
  refused: readonly { readonly operation: Operation }[],
  most = MOST_CHANGES,
): readonly Operation[] {
  if (plan.length <= most) return plan
  const before = new Set(refused.map(({ operation }) => keyOf(operation)))
  let counted = 0
  let last = ''
  const end = plan.findIndex((operation) => {
    const key = keyOf(operation)
    if (counted >= most && key !== last) return true
    last = key
    if (!before.has(key)) counted += 1
    return false
  })
  return end === -1 ? plan : plan.slice(0, end)
}
