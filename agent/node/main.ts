/** `lvsm-agent`, the process. See launch.ts for what it does, and agent.ts for what it is made of. */
import '../process/clean-start.ts'
import './v8-flags.ts'
import './priority.ts'
import { maskSignal } from '@lvsm/kernel'
import { claimNamespace } from '../process/alone.ts'
import { endAtDefects } from '../process/ends.ts'
import { openLog } from '../process/log.ts'
import { launch } from './launch.ts'

const NAME = 'lvsm-agent'
const STANDARD_ERROR = 2
const log = openLog(STANDARD_ERROR, () => process.stderr)
endAtDefects(NAME, log)
maskSignal('unblock', 'SIGUSR1')
// A terminal that wants no output of programs behind (stty tostop) would stop this one.
maskSignal('block', 'SIGTTOU')
process.stdout.on('error', () => undefined)
// What this process makes is for root only, from the moment that it is there.
process.umask(0o077)

launch(process.argv.slice(2), {
  root: process.geteuid?.() === 0,
  alone: () => claimNamespace(NAME),
  say: (text) => log.write(`${NAME}: ${text}`),
  print: (text) => void process.stdout.write(text),
  complain: (text) => log.write(text),
  exit: (code) => process.exit(code),
  on: (signal, happened) => void process.on(signal, happened),
})
