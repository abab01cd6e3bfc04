/** From the command line to a lease process that runs, and what signals mean to it. */
import { LONGEST_LEASE_MS, seededRandom } from '@lvsm/base'
import type { KernelError } from '@lvsm/kernel'
import { setUp } from './adapters/state.ts'
import { type Daemon, type Machine, startDaemon } from './daemon.ts'
import { readOptions, type RunOptions, USAGE } from './options.ts'
import { warmUp } from './warm-up.ts'

/** The process that this is. */
export interface Program extends Machine {
  readonly root: boolean
  print(text: string): void
  /** Runs before all others from now on; why not, where it may not. */
  runFirst(): KernelError | undefined
  on(signal: NodeJS.Signals, happened: () => void): void
}

export async function launch(args: readonly string[], program: Program): Promise<void> {
  const options = readOptions(args)
  switch (options.kind) {
    case 'help':
      return program.print(`${USAGE}\n`)
    case 'refused':
      program.say(`${options.reason}\n${USAGE}`)
      return program.exit(2)
    case 'set-up':
      return prepare(options.stateDir, program)
    case 'run':
      return run(options, program)
  }
}

async function prepare(stateDir: string, { say, exit }: Program): Promise<void> {
  try {
    switch (await setUp(stateDir)) {
      case 'fresh':
        return say(`${stateDir} is set up: this node lent nothing yet`)
      case 'kept':
        return say(`${stateDir} has a state already; it is kept`)
      case 'lost':
        say(
          `${stateDir} belongs to a node that took part and lost its lease.state: it may have lent a lease that still lives; nothing was changed\n  → start lvsm-lease: it does not vote for ${LONGEST_LEASE_MS / 1000} s, and makes its state by itself`,
        )
        return exit(1)
    }
  } catch (error) {
    say(`cannot set up ${stateDir}: ${(error as Error).message}`)
    exit(1)
  }
}

function run(options: RunOptions, program: Program): void {
  const { say } = program
  if (!program.root) {
    say('must run as root: it owns addresses and nftables (start it with sudo, or as the systemd unit)')
    return program.exit(1)
  }
  // Before it runs first: this may take a while, and holds up nobody.
  try {
    warmUp(seededRandom(1))
  } catch (error) {
    say(`goes on after a warm-up that broke off: ${(error as Error).message}`)
  }
  const denied = program.runFirst()
  if (denied) say(`goes on without a privilege that keeps it punctual: ${denied.message}`)
  let daemon: Daemon | null = null
  for (const signal of ['SIGTERM', 'SIGINT'] as const) program.on(signal, () => daemon?.stop(signal))
  // A closed terminal, or the habit to reload, must not end an owner; USR1 would open the debugger of Node, and USR2 end it.
  program.on('SIGHUP', () => say('SIGHUP: there is nothing to read again; the reconciler brings every view'))
  for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) program.on(signal, () => undefined)
  daemon = startDaemon(options, program)
}
