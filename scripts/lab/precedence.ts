/**
 * An emulator stands for hardware: whatever else this machine does must not stop its processors for long, or a cluster inside loses leases
 * that no real one would lose. So it goes before other work.
 */
import { writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'

/** Beside a process of nice 0 it has nine parts of ten of a processor (man 7 sched). */
const NICE = -10

/** A process just started, that leads a session of its own. Where it is not allowed, as for users who are not root, all stays as it is. */
export function goFirst(pid: number): void {
  for (const raise of [
    () => setPriority(pid, NICE),
    // Sessions share the processors before their processes do, where the kernel groups them (CONFIG_SCHED_AUTOGROUP).
    () => writeFileSync(`/proc/${pid}/autogroup`, String(NICE)),
  ])
    try {
      raise()
    } catch {
      // Not allowed, or it has ended already, which is told elsewhere.
    }
}
