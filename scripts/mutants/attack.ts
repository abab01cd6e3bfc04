/** Plants one mistake after the other, prints those that live, and counts. */
import type { Mutant } from './enumerate.ts'
import type { Verdict } from './judge.ts'

export interface Attack {
  readonly mutants: readonly Mutant[]
  readonly judge: (mutant: Mutant) => Promise<Verdict>
  readonly roomOf: (file: string) => string
  readonly print: (line: string) => void
  /** Prints what was caught too, and by which test. */
  readonly verbose: boolean
}
interface Count {
  readonly planted: number
  readonly alive: number
  /** Who caught how many. */
  readonly by: ReadonlyMap<string, number>
}

export const shown = ({ file, line, before, after }: Mutant): string => `${file}:${line}\n  - ${before}\n  + ${after}`

export async function attack({ mutants, judge, roomOf, print, verbose }: Attack): Promise<void> {
  const counts = new Map<string, Count>()
  for (const mutant of mutants) {
    const { caughtBy, failed } = await judge(mutant)
    const room = roomOf(mutant.file)
    const { planted, alive, by } = counts.get(room) ?? { planted: 0, alive: 0, by: new Map<string, number>() }
    if (caughtBy === null) {
      print(`alive: ${shown(mutant)}`)
      counts.set(room, { planted: planted + 1, alive: alive + 1, by })
    } else {
      if (verbose) print(`caught by ${caughtBy} (${failed}): ${shown(mutant)}`)
      counts.set(room, { planted: planted + 1, alive, by: new Map([...by, [caughtBy, (by.get(caughtBy) ?? 0) + 1]]) })
    }
  }
  for (const [room, count] of counts) print(`${room}: ${total(count)}`)
}

function total({ planted, alive, by }: Count): string {
  const catchers = [...by].map(([name, times]) => `; ${name} ${times}`).join('')
  const rate = ((100 * (planted - alive)) / planted).toFixed(0)
  return `${planted} planted, ${planted - alive} caught (${rate} %${catchers}), ${alive} alive`
}
