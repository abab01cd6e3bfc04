/** From the command line to an agent that runs, and what signals mean to it. */
import { hostname } from 'node:os'
import { describeRefusal, VERSION } from '@lvsm/base'
import { boottime, KernelError } from '@lvsm/kernel'
import { DAEMON_EXITS, type LogTags } from '@lvsm/protocol'
import type { Alone } from '../process/alone.ts'
import { takeDirectories, type Unready } from '../process/directories.ts'
import type { DirectoryLock } from '../process/lock.ts'
import { readFence } from './adapters/kernel/fence.ts'
import { startOf } from './adapters/programs.ts'
import { openKernel } from './adapters/kernel/kernel.ts'
import { refuseRights } from './adapters/preflight.ts'
import { Passage } from './adapters/feed/passage.ts'
import { Agent } from './agent.ts'
import { type Configuration, type Read, readConfiguration, refuseKernel, type Self } from './configuration.ts'
import { lookAround } from './host.ts'
import { type AgentOptions, NO_COORDINATORS } from './machine.ts'
import { readKeyRing } from './adapters/feed/kept.ts'
import { pairRing, readHalves } from './adapters/pair-keys.ts'
import { Following } from './following.ts'
import { runGiveBack } from './giving-back.ts'
import { readIdentity } from './identity.ts'
import { isThere } from '../process/files.ts'
import { DEFAULT_CONFIG, HELP, readOptions, type RunOptions, USAGE } from './options.ts'
import type { Coordinators, Kernel } from './ports.ts'
import { warningLines } from './warnings.ts'

/** What it has of the coordinators. */
interface Followed extends Pick<AgentOptions, 'pass'> {
  readonly coordinators: Coordinators
}
/** Of a node that reads a file of its own. */
const ALONE: Followed = {
  coordinators: NO_COORDINATORS,
  pass: null,
}

/** The process that this is. */
export interface Program {
  readonly root: boolean
  /** No other of its kind in this network namespace, from now on. */
  alone(): Alone
  /** It works from now on; how the one before it ended. */
  live(runDir: string): { readonly before: string | null; readonly awayMs: number | null }
  /** It tries to: where it ends before, that is known there. */
  tries(runDir: string): void
  say(text: string, tags?: LogTags): void
  print(text: string): void
  /** To the operator, without the name of the program before it. */
  complain(text: string): void
  exit(code: number): void
  on(signal: NodeJS.Signals, happened: () => void): void
}

export function launch(args: readonly string[], program: Program): void {
  const options = readOptions(args)
  switch (options.kind) {
    case 'help':
      return program.print(`${HELP}\n`)
    case 'version':
      return program.print(`lvsm-agent ${VERSION}\n`)
    case 'refused':
      program.say(options.reason)
      program.complain(USAGE)
      return program.exit(DAEMON_EXITS.usage.code)
    case 'give-back':
      return runGiveBack(options, program)
    case 'check':
      return void begin(options, program)
    case 'run':
      program.tries(options.runDir)
      if (options.follows) follow(options, program)
      else void begin(options, program)
  }
}

function follow(options: RunOptions, program: Program): void {
  const { stateDir } = options
  const read = readIdentity(stateDir)
  // A node without coordinators, which has its file where nobody has to say it.
  if (!read.ok && read.refusal.code === 'no-identity' && isThere(DEFAULT_CONFIG))
    return void begin({ ...options, config: DEFAULT_CONFIG, facts: null, follows: false }, program)
  if (!read.ok) {
    program.say(describeRefusal(read.refusal))
    return program.exit(DAEMON_EXITS.refused.code)
  }
  const { identity } = read
  const say = (text: string): void => program.say(text)
  const asIdentity = { ...options, node: identity.node }
  let following: Following | null = null
  const passage = new Passage(identity, () => following?.places() ?? [])
  const pass: AgentOptions['pass'] = (asked) => passage.pass(asked)
  const followed = (coordinators: Coordinators): Agent | null => begin(asIdentity, program, { coordinators, pass })
  following = new Following({ identity, stateDir, say, begin: followed })
}

/** Null: it ends, and said why. */
function begin(options: RunOptions, program: Program, followed = ALONE): Agent | null {
  const named = options.node !== null
  const check = options.kind === 'check'
  const self: Self = { node: options.node ?? hostname(), named, ...(check && named ? { host: lookAround() } : {}) }
  // From before the file is read: a signal that comes meanwhile must not be lost.
  const heeded = heedSignals(program)
  // Somebody who is not root looks at a file that is nobody's configuration yet.
  const about = check && !self.named ? null : self
  const read = keyed(
    readConfiguration(options.config, about, !check || program.root, options.facts),
    self,
    options.follows ? options.stateDir : null,
  )
  if (!read.ok) {
    for (const fault of read.faults) program.complain(fault)
    program.exit(DAEMON_EXITS.refused.code)
    return null
  }
  if (check) return tell(read, options.config, self, program)
  const ready = preflight(read, self.node, options, program)
  if ('faults' in ready) return end(ready, program)
  try {
    const agent = start(options, self, read, { ...ready, ...followed }, program)
    heeded.by(agent)
    return agent
  } catch (error) {
    return end(unasked(error), program)
  }
}

/** With the keys of the ring that is followed. `stateDir` null: none is. */
function keyed(read: Read, { node }: Self, stateDir: string | null): Read {
  if (!read.ok || stateDir === null) return read
  return { ...read, ring: pairRing(read.config.cluster, node, readHalves(stateDir), readKeyRing(stateDir)) }
}

function end({ exit, faults }: Unready, program: Program): null {
  for (const fault of faults) program.say(fault)
  program.exit(DAEMON_EXITS[exit].code)
  return null
}

/** Of a file without faults. Warnings are for people: the exit code is that of a file that may be used. */
function tell({ config, warnings }: Configuration, path: string, self: Self, program: Program): null {
  for (const line of warningLines(warnings, path)) program.complain(line)
  const [count, whose] = [warnings.length, self.named ? `, node ${self.node}` : '']
  const warned = count === 0 ? '' : `, ${count} ${count === 1 ? 'warning' : 'warnings'}`
  program.print(`${path}: no faults${warned} (cluster ${config.cluster}${whose}, revision ${config.revision})\n`)
  return null
}

/** What there is before the first change. */
interface Ready {
  readonly lock: DirectoryLock
  readonly kernel: Kernel
}
function preflight({ config }: Configuration, node: string, options: RunOptions, program: Program): Ready | Unready {
  const rights = refuseRights()
  if (rights) return { exit: 'refused', faults: [describeRefusal(rights)] }
  const faults = refuseKernel(config, node)
  if (faults.length > 0) return { exit: 'world', faults }
  const alone = program.alone()
  if (!alone.ok)
    return {
      exit: 'world',
      faults: [alone.reason, '  → stop it first: a node has one agent, whatever its --run-dir is'],
    }
  if (alone.warning !== null) program.say(alone.warning)
  const { runDir, stateDir } = options
  const lock = takeDirectories({ program: 'lvsm-agent', runDir, stateDir, socket: 'agent.sock', lock: 'agent.lock' })
  if ('faults' in lock) return lock
  try {
    return { lock, kernel: openKernel() }
  } catch (error) {
    return unasked(error)
  }
}

/** Throws what the kernel did not say: that is a defect, and must look like one. */
function unasked(error: unknown): Unready {
  if (!(error instanceof KernelError)) throw error
  const needs = '  it needs rtnetlink and nf_tables (modprobe nf_tables; Debian: package linux-image-amd64)'
  return { exit: 'world', faults: [`the kernel cannot be asked: ${error.message}`, needs] }
}

function start(
  options: RunOptions,
  self: Self,
  configuration: Configuration,
  { lock, kernel, coordinators, pass }: Ready & Followed,
  program: Program,
): Agent {
  const { runDir, stateDir } = options
  const machine = {
    clock: boottime,
    readConfiguration: () => reread(options, self),
    readFence,
    coordinators,
    mayListenAgain: () => lock.take(),
    say: (text: string, tags?: LogTags) => program.say(text, tags),
    exit: (code: number) => program.exit(code),
  }
  const begun = startOf(program.live(runDir))
  const agent = new Agent({ node: self.node, runDir, stateDir, pass, begun }, configuration, machine, kernel)
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) program.on(signal, () => agent.stop(signal))
  return agent
}

interface Heeded {
  /** From now on; what came before is made up for. */
  by(agent: Agent): void
}

/** A closed terminal sends HUP too: that costs a look at the file, and ends nothing. */
function heedSignals({ on, say }: Program): Heeded {
  let agent: Agent | null = null
  let waiting = false
  on('SIGHUP', () => {
    waiting = agent === null
    agent?.reload('SIGHUP')
  })
  on('SIGUSR1', () => {
    for (const line of agent?.report() ?? ['state: it is still starting']) say(line)
  })
  on('SIGUSR2', () => undefined)
  return {
    by(started) {
      agent = started
      if (waiting) started.reload('SIGHUP')
    },
  }
}

function reread({ config, facts, follows, stateDir }: RunOptions, self: Self): Read {
  const read = keyed(readConfiguration(config, self, true, facts), self, follows ? stateDir : null)
  const faults = read.ok ? refuseKernel(read.config, self.node) : []
  return faults.length > 0 ? { ok: false, faults } : read
}
