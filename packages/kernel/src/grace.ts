/**
 * A grace period of the kernel (man 2 membarrier, MEMBARRIER_CMD_GLOBAL, which is the kernel's `synchronize_rcu`): once it is
 * over, no processor is at work any more on a packet that it had in hand before. A rule that drops from now on says nothing of a
 * packet that has passed it: it may be on its way to the wire, on another processor, which a hypervisor can stop there.
 */
import { call } from './libc.ts'

/** Number of `membarrier` among the system calls (asm/unistd.h); the C library has no function of that name. */
const MEMBARRIER: Readonly<Partial<Record<NodeJS.Architecture, number>>> = { x64: 324, arm64: 283 }
const GLOBAL = 1
/** Where the kernel knows no such call (nohz_full, another architecture): far longer than a packet needs on a processor that runs. */
export const OTHERWISE_MS = 20

export type Grace = (over: () => void) => void

/** Calls `over` after a grace period that began after it was asked for. Those of one turn of the event loop share one. */
export function openGrace(barrier: Grace): Grace {
  let waiting: (() => void)[] = []
  let isOut = false
  const begin = (): void => {
    if (isOut || waiting.length === 0) return
    const those = waiting
    waiting = []
    isOut = true
    barrier(() => {
      isOut = false
      for (const over of those) over()
      begin()
    })
  }
  return (over) => {
    if (waiting.push(over) === 1) queueMicrotask(begin)
  }
}

/** On a thread of its own: it takes from a fraction of a millisecond to tens of them. */
export function membarrier(over: () => void): void {
  const number = MEMBARRIER[process.arch]
  const otherwise = (): void => void setTimeout(over, OTHERWISE_MS)
  if (number === undefined) otherwise()
  else
    call.syscall.async(number, GLOBAL, 0, 0, (error: unknown, result: number) =>
      error || result !== 0 ? otherwise() : over(),
    )
}
