/** The first steps of both daemons, once their environment is clean (clean-start.ts), and what each gets of its process. */
import { VERSION } from '@lvsm/base'
import { ignoreQuestions, unblockSignal } from '@lvsm/kernel'
import { type Alone, claimNamespace } from './alone.ts'
import { endAtDefects } from './ends.ts'
import { beginLife, type Living } from './life.ts'
import { type Log, openLog } from './log.ts'

const STANDARD_ERROR = 2

export interface DaemonProcess {
  readonly log: Log
  alone(): Alone
  /** It works from now on, and says so in its run directory, whose lock it holds; how it ends will be known there. */
  live(runDir: string): Pick<Living, 'before'>
  /** A line of the log, under the program's name. */
  say(text: string): void
  /** To standard output. */
  print(text: string): void
  exit(code: number): never
  on(signal: NodeJS.Signals, happened: () => void): void
}

/** `umask`: what others may not do with what this process makes, from the moment that it is there. */
export function begin(name: string, umask: number): DaemonProcess {
  const log = remembering(openLog(STANDARD_ERROR, () => process.stderr))
  endAtDefects(name, log)
  unblockSignal('SIGUSR1')
  ignoreQuestions()
  process.stdout.on('error', () => undefined)
  process.umask(umask)
  return {
    log,
    alone: () => claimNamespace(name),
    live(runDir) {
      const living = beginLife(runDir, name, VERSION)
      process.on('exit', (code) => living.ends(code, log.last.replace(`${name}: `, '')))
      return living
    },
    say: (text) => log.write(`${name}: ${text}`),
    print: (text) => void process.stdout.write(text),
    exit: (code) => process.exit(code),
    on: (signal, happened) => void process.on(signal, happened),
  }
}

/** A log that knows its last line. */
function remembering(log: Log): Log & { readonly last: string } {
  let last = ''
  return {
    write(line) {
      last = line
      log.write(line)
    },
    get last() {
      return last
    },
  }
}
