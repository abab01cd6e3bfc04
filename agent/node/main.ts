/** `lvsm-agent`, the process. See launch.ts for what it does, and agent.ts for what it is made of. */
import '../process/clean-start.ts'
import './v8-flags.ts'
import './priority.ts'
import { begin } from '../process/begin.ts'
import { launch } from './launch.ts'

/** For root only. */
const UMASK = 0o077
const program = begin('lvsm-agent', UMASK)

launch(process.argv.slice(2), {
  ...program,
  root: process.geteuid?.() === 0,
  complain: (text) => program.log.write(text),
})
