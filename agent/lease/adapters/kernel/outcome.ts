/** What the kernel's answers say of a call as a whole. */
import type { Reply } from '@lvsm/kernel'
import { FINE, type Outcome } from '../../ports.ts'

/** `forgiven`: error numbers that are as good as success, where the kernel gave them. A message without an answer leaves the whole unknown. */
export function outcomeOf(replies: readonly Reply[], forgiven: readonly (number | undefined)[] = []): Outcome {
  const failures = replies.filter(({ errno, answered }) => errno !== 0 && !(answered && forgiven.includes(errno)))
  const lost = failures.find(({ answered }) => !answered)
  const failed = lost ?? failures[0]
  return failed ? { result: lost ? 'unknown' : 'refused', error: failed.message } : FINE
}
