/** Imported first: this process is never in a hurry, and its start must not take the processor from the lease process. */
import { runPatiently } from '@lvsm/kernel'

// Where it is not allowed, it stays as it is.
runPatiently()
