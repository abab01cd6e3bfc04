/** `lvsm-coordinator`, the process. See launch.ts for what it does, and coordinator.ts for what it is made of. */
import { text } from 'node:stream/consumers'
import '../agent/process/clean-start.ts'
import { begin } from '../agent/process/begin.ts'
import { launch } from './launch.ts'

/** For its user only. */
const UMASK = 0o077
const program = begin('lvsm-coordinator', UMASK)

await launch(process.argv.slice(2), {
  ...program,
  input: () => text(process.stdin),
  complain: (text) => program.log.write(text),
})
