/** The gate's steps, two at a time. */
import { availableParallelism } from 'node:os'
import { printResult } from './report.ts'
import { GATE, type Result, type Step, take } from './steps.ts'

export async function passGate(mend = false, steps: readonly Step[] = GATE): Promise<Result[]> {
  const waiting = [...steps]
  const results: Result[] = []
  const work = async (): Promise<void> => {
    for (let step = waiting.shift(); step; step = waiting.shift()) {
      const result = await take(step, mend)
      printResult(result)
      results.push(result)
    }
  }
  // Tools that mend write the files that others read.
  const abreast = mend ? 1 : Math.min(2, availableParallelism())
  await Promise.all(Array.from({ length: abreast }, work))
  return results
}
