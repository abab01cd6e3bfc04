/** `lvsm-agent`, the process. See launch.ts for what it does, and agent.ts for what it is made of. */
import './v8-flags.ts'
import './priority.ts'
import { launch } from './launch.ts'

// What this process makes is for root only, from the moment that it is there.
process.umask(0o077)

launch(process.argv.slice(2), {
  say: (text) => void process.stderr.write(`lvsm-agent: ${text}\n`),
  print: (text) => void process.stdout.write(text),
  complain: (text) => void process.stderr.write(`${text}\n`),
  exit: (code) => process.exit(code),
  on: (signal, happened) => void process.on(signal, happened),
})
