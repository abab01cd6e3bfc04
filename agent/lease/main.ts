/** `lvsm-lease`, the process. See launch.ts for what it does, and daemon.ts for what it is made of. */
import './v8-flags.ts'
import { boottime, runFirst } from '@lvsm/kernel'
import { openKernel } from './adapters/kernel/kernel.ts'
import { launch } from './launch.ts'

// Nobody reads the log any more: no reason to let go of an address.
process.stderr.on('error', () => undefined)
// Between the making of a file or a socket and its mode, nobody else may open it.
process.umask(0o027)

await launch(process.argv.slice(2), {
  root: process.getuid?.() === 0,
  clock: boottime,
  openKernel: () => openKernel(boottime),
  runFirst,
  say: (text) => void process.stderr.write(`lvsm-lease: ${text}\n`),
  print: (text) => void process.stdout.write(text),
  exit: (code) => process.exit(code),
  on: (signal, happened) => void process.on(signal, happened),
})
