/** From the command line to a lease process that runs, and what signals mean to it. */
import { hostname } from 'node:os'
import { join } from 'node:path'
import { LONGEST_LEASE_MS, seededRandom, VERSION } from '@lvsm/base'
import type { KernelError } from '@lvsm/kernel'
import { DAEMON_EXITS, LONGEST_IDENTITY, parseObject } from '@lvsm/protocol'
import type { Alone } from '../process/alone.ts'
import { isThere, readRegular } from '../process/files.ts'
import { doubtOwnDirectory } from '../process/trust.ts'
import { setUp } from './adapters/state.ts'
import { type Daemon, startDaemon } from './daemon.ts'
import type { Machine } from './machine.ts'
import { HELP, readOptions, type RunOptions, USAGE } from './options.ts'
import { warmUp } from './warm-up.ts'

/** The process that this is. */
export interface Program extends Machine {
  readonly root: boolean
  print(text: string): void
  /** No other of its kind in this network namespace, from now on. */
  alone(): Alone
  /** Runs before all others from now on; why not, where it may not. */
  runFirst(): KernelError | undefined
  /** It tries to work: where it ends before it does, that is known there. */
  tries(runDir: string): void
  on(signal: NodeJS.Signals, happened: () => void): void
}

export async function launch(args: readonly string[], program: Program): Promise<void> {
  const options = readOptions(args)
  switch (options.kind) {
    case 'help':
      return program.print(`${HELP}\n`)
    case 'version':
      return program.print(`lvsm-lease ${VERSION}\n`)
    case 'refused':
      program.say(`${options.reason}\n${USAGE}`)
      return program.exit(DAEMON_EXITS.usage.code)
    case 'set-up':
      return prepare(options.stateDir, program)
    case 'run':
      return run({ ...options, node: options.node ?? identified(options.stateDir) ?? hostname() }, program)
  }
}

/** As `node.json` says, which init or join wrote; null: there is none that says it. */
function identified(stateDir: string): string | null {
  const read = readRegular(join(stateDir, 'node.json'), LONGEST_IDENTITY, false)
  const { node } = read.ok ? parseObject(read.bytes.toString()) : {}
  return typeof node === 'string' ? node : null
}

async function prepare(stateDir: string, { say, exit }: Program): Promise<void> {
  try {
    const [doubt] = isThere(stateDir) ? doubtOwnDirectory(stateDir) : []
    if (doubt) {
      say(`${doubt.message}; nothing was changed\n  → ${doubt.hint}`)
      return exit(DAEMON_EXITS.refused.code)
    }
    switch (await setUp(stateDir)) {
      case 'fresh':
        return say(`${stateDir} is set up: this node lent nothing yet`)
      case 'kept':
        return say(`${stateDir} has a state already; it is kept`)
      case 'lost':
        say(
          `${stateDir} belongs to a node that took part and lost its lease.state: it may have lent a lease that still lives; nothing was changed\n  → start lvsm-lease: it does not vote for ${LONGEST_LEASE_MS / 1000} s, and makes its state by itself`,
        )
        return exit(DAEMON_EXITS.refused.code)
    }
  } catch (error) {
    say(`cannot set up ${stateDir}: ${(error as Error).message}`)
    exit(DAEMON_EXITS.world.code)
  }
}

function run(options: RunOptions, program: Program): void {
  const { say } = program
  if (!program.root) {
    say('must run as root: it owns addresses and nftables (start it with sudo, or as the systemd unit)')
    return program.exit(DAEMON_EXITS.refused.code)
  }
  program.tries(options.runDir)
  const alone = program.alone()
  if (!alone.ok) {
    say(`${alone.reason}\n  → stop it first: a node has one lease process, whatever its --run-dir is`)
    return program.exit(DAEMON_EXITS.world.code)
  }
  if (alone.warning !== null) say(alone.warning)
  let daemon: Daemon | null = null
  heedSignals(program, () => daemon)
  // Before it runs first: this may take a while, and holds up nobody.
  try {
    warmUp(seededRandom(1))
  } catch (error) {
    say(`goes on after a warm-up that broke off: ${(error as Error).message}`)
  }
  const denied = program.runFirst()
  if (denied) say(`goes on without a privilege that keeps it punctual: ${denied.message}`)
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) program.on(signal, () => daemon?.stop(signal))
  daemon = startDaemon(options, program)
}

/** From before the warm-up on: what takes time must not be ended by a closed terminal. */
function heedSignals({ on, say }: Program, daemon: () => Daemon | null): void {
  on('SIGHUP', () => say('SIGHUP: there is nothing to read again; the reconciler brings every view'))
  on('SIGUSR1', () => {
    for (const line of daemon()?.report() ?? ['state: it is still starting']) say(line)
  })
  on('SIGUSR2', () => undefined)
}
