/** The first steps of both daemons, once their environment is clean (clean-start.ts), and what each gets of its process. */
import { VERSION } from '@lvsm/base'
import { ignoreQuestions, unblockSignal } from '@lvsm/kernel'
import type { LogTags } from '@lvsm/protocol'
import { type Alone, claimNamespace } from './alone.ts'
import { endAtDefects } from './ends.ts'
import { beginLife, type Living, refuseLife } from './life.ts'
import { isJournal, taggedLog, type TaggedLog, toJournal } from './journal.ts'
import { openLog } from './log.ts'
import { wantsSyslog, withSyslog } from './syslog.ts'

const STANDARD_ERROR = 2

export interface DaemonProcess {
  readonly log: TaggedLog
  alone(): Alone
  /** It works from now on, and says so in its run directory, whose lock it holds; how it ends will be known there. */
  live(runDir: string): Pick<Living, 'before' | 'awayMs'>
  /** It tries to work: where it ends before it does, that will be known there. */
  tries(runDir: string): void
  /** A line of the log, under the program's name; `tags`: what is said beside its text. */
  say(text: string, tags?: LogTags): void
  /** To standard output. */
  print(text: string): void
  exit(code: number): never
  on(signal: NodeJS.Signals, happened: () => void): void
}

/** `umask`: what others may not do with what this process makes, from the moment that it is there. */
export function begin(name: string, umask: number): DaemonProcess {
  const send = isJournal(STANDARD_ERROR, process.env['JOURNAL_STREAM']) ? toJournal() : null
  const tagged = taggedLog(
    name,
    openLog(STANDARD_ERROR, () => process.stderr),
    send,
  )
  const log = remembering(send === null && wantsSyslog(STANDARD_ERROR) ? withSyslog(name, tagged) : tagged)
  endAtDefects(name, log)
  unblockSignal('SIGUSR1')
  ignoreQuestions()
  process.stdout.on('error', () => undefined)
  process.umask(umask)
  let works = false
  return {
    log,
    alone: () => claimNamespace(name),
    live(runDir) {
      works = true
      const living = beginLife(runDir, name, VERSION)
      process.on('exit', (code) => living.ends(code, log.last.replace(`${name}: `, '')))
      return living
    },
    tries(runDir) {
      process.on('exit', (code) => {
        if (!works && code !== 0) refuseLife(runDir, name, code, log.first.replace(`${name}: `, ''))
      })
    },
    say: (text, tags) => log.write(`${name}: ${text}`, tags),
    print: (text) => void process.stdout.write(text),
    exit: (code) => process.exit(code),
    on: (signal, happened) => void process.on(signal, happened),
  }
}

const FIRST_LINES = 3
/** A log that knows its first lines and its last one. */
function remembering(log: TaggedLog): TaggedLog & { readonly first: string; readonly last: string } {
  let last = ''
  const first: string[] = []
  return {
    write(line, tags) {
      last = line
      if (first.length < FIRST_LINES) first.push(line.trim())
      log.write(line, tags)
    },
    get first() {
      return first.join('; ')
    },
    get last() {
      return last
    },
  }
}
