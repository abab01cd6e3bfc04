/** Imported first: this process is never in a hurry, and its start must not take the processor from the lease process. */
import { setPriority } from 'node:os'

const NICE = 5

try {
  setPriority(NICE)
} catch {
  // Not allowed to: then as it is.
}
