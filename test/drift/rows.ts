/**
 * Whatever of the kernel is ours, somebody removes or alters by hand, and it is put back: a row for each way in which that is done, under the kind of operation
 * that mends it. A kind of operation without one does not compile. `drift.test.ts` plays them on the kernel in memory, `test/contract/drift.test.ts` on the host's kernel
 * those that it can (`byHand`); who needs IPVS, a dummy device or a tunnel names the lab's scenario that does it, with the same command.
 */
import type { Operation } from '@lvsm/plan'
import { OF_DIRECTORS } from './directors.ts'
import { OF_REALSERVERS } from './realservers.ts'
import type { Drift, Rows } from './row.ts'

export const DRIFT: Rows<Operation['kind']> = { ...OF_DIRECTORS, ...OF_REALSERVERS }

/** Each row with the kind of operation that mends it. */
export const rows = (): readonly (readonly [kind: Operation['kind'], row: Drift])[] =>
  Object.entries(DRIFT).flatMap(([kind, row]) =>
    'never' in row ? [] : row.map((one) => [kind as Operation['kind'], one] as const),
  )
