/** What the lease process needs of the machine that it is on, and of the process that it is. */
import type { Instant } from '@lvsm/base'
import type { Kernel } from './adapters/kernel/kernel.ts'

export interface Machine {
  clock(): Instant
  /** Throws what the kernel says. */
  openKernel(): Kernel
  say(text: string): void
  /** It holds the lock of its run directory, and works from now on. */
  live(runDir: string): void
  /** Ends the process; whoever calls it does nothing more. */
  exit(code: number): void
}
