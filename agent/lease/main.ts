/** `lvsm-lease`, the process. See launch.ts for what it does, and daemon.ts for what it is made of. */
import '../process/clean-start.ts'
import './v8-flags.ts'
import { boottime, runFirst } from '@lvsm/kernel'
import { begin } from '../process/begin.ts'
import { openKernel } from './adapters/kernel/kernel.ts'
import { launch } from './launch.ts'

/** Between the making of a file and its mode, nobody else may open it. */
const UMASK = 0o027

await launch(process.argv.slice(2), {
  ...begin('lvsm-lease', UMASK),
  root: process.getuid?.() === 0,
  clock: boottime,
  openKernel: () => openKernel(boottime),
  runFirst,
})
