/**
 * V8 throws the bytecode of functions away that did not run for a while. What runs here seldomest, a takeover, would be
 * compiled again when it counts, and its warm-up would have been for nothing.
 */
import { setFlagsFromString } from 'node:v8'

setFlagsFromString('--no-flush-bytecode')
