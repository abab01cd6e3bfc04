/** Repairs that somebody undoes again and again: between a change and its repair requests fail, and no repair ends that. */
import { between, type Instant, type Trouble } from '@lvsm/base'
import { describeOperation, type Operation, subjectOf } from '@lvsm/plan'
import type { NodeState } from '../state.ts'

const WITHIN_MS = 60_000
/** The second one may be a slip. */
const LEAST = 3
const MOST_KEPT = 64

/** The same thing, repaired within the last minute. */
export interface Repaired {
  readonly times: readonly Instant[]
  readonly last: string
}

/**
 * `repairs`: what was found changed at this look. Who is faster than the looks leaves none at which all is well: what was acknowledged at
 * the last one, and is to be done again, was changed again as well.
 */
export function noteFights({ kernel, now }: NodeState, repairs: ReadonlySet<Operation>): void {
  const again = kernel.pending.filter((one) => repairs.has(one) || kernel.acknowledged.has(describeOperation(one)))
  const { repaired } = kernel
  for (const [what, { times, last }] of repaired) {
    const left = times.filter((at) => between(at, now) < WITHIN_MS)
    if (left.length === 0) repaired.delete(what)
    else repaired.set(what, { times: left, last })
  }
  for (const operation of again) {
    const what = subjectOf(operation)
    const before = repaired.get(what)?.times ?? []
    if (before.length > 0 || repaired.size < MOST_KEPT)
      repaired.set(what, { times: [...before, now].slice(-LEAST), last: describeOperation(operation) })
  }
}

export const fightTroubles = ({ kernel }: NodeState): Trouble[] =>
  [...kernel.repaired]
    .filter(([, { times }]) => times.length >= LEAST)
    .map(([what, { last }]) => ({
      ...{ code: 'fought-over', severity: 'warning', object: what },
      message: `somebody changes ${what} again and again, and it is put back each time`,
      evidence: `${LEAST} times or more within the last minute; the last repair: ${last}`,
      hint: HINT,
    }))

const HINT =
  'find who else sets it, and stop it: configuration management, sysctl --system, NetworkManager, ipvsadm of another load balancer (auditctl -w PATH -p wa names the process)'
