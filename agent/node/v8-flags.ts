/**
 * Nothing in the reconciler is hot: some dozens of small events a second. The optimizing compilers would only cost it, for
 * minutes after each start, processor time and pauses; baseline code is enough.
 */
import { setFlagsFromString } from 'node:v8'

for (const flag of ['--no-opt', '--no-maglev']) setFlagsFromString(flag)
