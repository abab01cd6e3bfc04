/** How V8 is to run in a process that must never be late. */
import { setFlagsFromString } from 'node:v8'

// The main thread runs before every ordinary one (SCHED_RR); the helpers of the garbage collector do not. A collection of
// young objects that waits for them waits for the whole machine, several times a second; alone it takes a millisecond.
setFlagsFromString('--no-parallel-scavenge')

// V8 throws the bytecode of functions away that did not run for a while. What runs here seldomest, a takeover, would be
// compiled again when it counts, and its rehearsal would have been for nothing.
setFlagsFromString('--no-flush-bytecode')
