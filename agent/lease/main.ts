/** `lvsm-lease`, the process. See launch.ts for what it does, and daemon.ts for what it is made of. */
import '../process/clean-start.ts'
import './v8-flags.ts'
import { boottime, runFirst, maskSignal } from '@lvsm/kernel'
import { claimNamespace } from '../process/alone.ts'
import { endAtDefects } from '../process/ends.ts'
import { openLog } from '../process/log.ts'
import { openKernel } from './adapters/kernel/kernel.ts'
import { launch } from './launch.ts'

const NAME = 'lvsm-lease'
const STANDARD_ERROR = 2
const log = openLog(STANDARD_ERROR, () => process.stderr)
endAtDefects(NAME, log)
maskSignal('unblock', 'SIGUSR1')
// A terminal that wants no output of programs behind (stty tostop) would stop this one.
maskSignal('block', 'SIGTTOU')
process.stdout.on('error', () => undefined)
// Between the making of a file and its mode, nobody else may open it.
process.umask(0o027)

await launch(process.argv.slice(2), {
  root: process.getuid?.() === 0,
  clock: boottime,
  openKernel: () => openKernel(boottime),
  alone: () => claimNamespace(NAME),
  runFirst,
  say: (text) => log.write(`${NAME}: ${text}`),
  print: (text) => void process.stdout.write(text),
  exit: (code) => process.exit(code),
  on: (signal, happened) => void process.on(signal, happened),
})
