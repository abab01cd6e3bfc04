/** What the kernel refused, in words: for one reason once, however many operations that are. */
import { describeOperation } from '@lvsm/plan'
import type { Failure } from '../events.ts'
import { describeFailure } from './readiness.ts'

const MOST_NAMED = 3

export interface Refused {
  /** The first, and how many more. */
  readonly message: string
  readonly evidence: { readonly evidence?: string }
}
/** By the kernel's answer and what was to be done, in the order in which they come. */
export function perReason(failures: readonly Failure[]): Refused[] {
  const found = new Map<string, Failure[]>()
  for (const one of failures) {
    const key = `${one.operation.kind} ${one.message}`
    found.set(key, [...(found.get(key) ?? []), one])
  }
  return [...found.values()].flatMap(([first, ...others]): Refused[] => {
    if (!first) return []
    const message = describeFailure(first.operation, first.message)
    if (others.length === 0) return [{ message, evidence: {} }]
    const those = others.slice(0, MOST_NAMED).map(({ operation }) => describeOperation(operation))
    const evidence = `also refused: ${those.join('; ')}`
    return [{ message: `${message}, and ${others.length} more for this reason`, evidence: { evidence } }]
  })
}
