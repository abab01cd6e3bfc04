/** From the command line to a coordinator that runs, and what signals mean to it. */
import { describeRefusal, VERSION } from '@lvsm/base'
import { DAEMON_EXITS, VIEWERS } from '@lvsm/protocol'
import type { DaemonProcess } from '../agent/process/begin.ts'
import { groupNumber } from '../agent/process/caller.ts'
import { takeDirectories, type Unready } from '../agent/process/directories.ts'
import type { DirectoryLock } from '../agent/process/lock.ts'
import { actAsOwner, type AsRoot, becomeOwner } from '../agent/process/owner.ts'
import { askAdmission } from './adapters/joining/ask.ts'
import { firstUser } from './first-user.ts'
import { found } from './founding.ts'
import { joinCoordinators } from './joining.ts'
import { moveCoordinator } from './moving.ts'
import { type Directories, HELP, type Options, readOptions, USAGE } from './options.ts'
import { start } from './start.ts'

/** Between two rounds through the coordinators. */
const PAUSE_MS = 1000

/** The process that this is. */
export interface Program extends Omit<DaemonProcess, 'log' | 'alone' | 'exit'> {
  /** To the operator, without the name of the program before it. */
  complain(text: string): void
  exit(code: number): void
  /** All of standard input. */
  input(): Promise<string>
}

/** Whatever becomes of it is said, and ends the process. */
export async function launch(args: readonly string[], program: Program): Promise<void> {
  const options = readOptions(args)
  switch (options.kind) {
    case 'help':
      return program.print(`${HELP}\n`)
    case 'version':
      return program.print(`lvsm-coordinator ${VERSION}\n`)
    case 'refused':
      program.say(options.reason)
      program.complain(USAGE)
      return program.exit(DAEMON_EXITS.usage.code)
    case 'found':
    case 'join': {
      const asRoot = actAsOwner(options.stateDir)
      const work = () => (options.kind === 'found' ? begin(options, asRoot, program) : enter(options, asRoot, program))
      return settle(options, program, work)
    }
    case 'move':
      becomeOwner(options.stateDir, viewers())
      return settle(options, program, () => Promise.resolve(move(options, program)))
    case 'run':
      becomeOwner(options.stateDir, viewers())
      program.tries(options.runDir)
      return settle(options, program, (lock) => run(options, lock, program))
  }
}

/** Whoever gives a socket to a group is in it. */
function viewers(): number[] {
  const group = groupNumber(VIEWERS)
  return group === undefined ? [] : [group]
}

async function settle(
  { runDir, stateDir }: Directories,
  program: Program,
  work: (lock: DirectoryLock) => Promise<Unready | null>,
): Promise<void> {
  const lock = takeDirectories({
    program: 'lvsm-coordinator',
    runDir,
    stateDir,
    socket: 'coordinator.sock',
    lock: 'coordinator.lock',
  })
  const unready = 'faults' in lock ? lock : await work(lock).catch((error: Error) => unusable(error, runDir, stateDir))
  if (unready) end(unready, program)
}

/** A disk that is full or broken; whatever has no number of the system is a defect of ours. */
function unusable(error: NodeJS.ErrnoException, runDir: string, stateDir: string): Unready {
  if (!error.syscall) throw error
  return { exit: 'world', faults: [`cannot use ${runDir} and ${stateDir}: ${error.message}`] }
}

async function begin(
  options: Extract<Options, { kind: 'found' }>,
  asRoot: AsRoot,
  program: Program,
): Promise<Unready | null> {
  const first = options.admin === null ? null : await firstUser(options.admin, await program.input())
  if (first && 'faults' in first) return first
  const refused = await found({ ...options, admin: first, author: 'root', at: Date.now() }, asRoot)
  if (refused) return refused
  program.print(
    `the cluster's configuration begins in ${options.stateDir}, with ${options.file} as revision 1\n  → start lvsm-coordinator here; then: lvsm config show\n`,
  )
  program.exit(DAEMON_EXITS.ok.code)
  return null
}

async function enter(
  options: Extract<Options, { kind: 'join' }>,
  asRoot: AsRoot,
  program: Program,
): Promise<Unready | null> {
  const refused = await joinCoordinators(options, {
    ask: askAdmission,
    asRoot,
    pause: () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS)),
    say: (text) => program.say(text),
  })
  if (refused) return refused
  program.print(
    `this node is one of the coordinators, with what it keeps in ${options.stateDir}\n  → start lvsm-coordinator here; then: lvsm coordinators\n`,
  )
  program.exit(DAEMON_EXITS.ok.code)
  return null
}

function move(options: Extract<Options, { kind: 'move' }>, program: Program): Unready | null {
  const refused = moveCoordinator(options)
  if (refused) return refused
  program.print(
    'this coordinator has other addresses\n  → start lvsm-coordinator here: it tells the others; then: lvsm coordinators\n',
  )
  program.exit(DAEMON_EXITS.ok.code)
  return null
}

async function run(options: Extract<Options, { kind: 'run' }>, lock: DirectoryLock, program: Program) {
  program.live(options.runDir)
  const started = await start(options, {
    say: (text) => program.say(text),
    exit: (code) => program.exit(code),
    mayListenAgain: () => lock.take(),
  })
  if (!started.ok) return { exit: started.exit, faults: [describeRefusal(started.refusal)] }
  const { running } = started
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)
    program.on(signal, () => void running.stop(signal).then(() => program.exit(DAEMON_EXITS.ok.code)))
  program.on('SIGUSR1', () => {
    for (const line of running.report()) program.say(line)
  })
  return null
}

function end({ exit, faults }: Unready, program: Program): void {
  for (const fault of faults) program.say(fault)
  program.exit(DAEMON_EXITS[exit].code)
}
