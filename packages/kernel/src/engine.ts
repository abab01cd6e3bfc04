/**
 * How JavaScript is run. Nothing in our processes is hot: a hundred small events a second. The optimizing compilers only
 * cost them, for minutes after each start, processor time and pauses at moments that nobody chooses. Baseline code is
 * enough, and it is the same in the first takeover as in the thousandth.
 */
import { setFlagsFromString } from 'node:v8'

for (const flag of ['--no-opt', '--no-maglev']) setFlagsFromString(flag)
