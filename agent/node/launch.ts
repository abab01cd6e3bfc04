/** From the command line to an agent that runs, and what signals mean to it. */
import { mkdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describeRefusal } from '@lvsm/base'
import { boottime, lockFile } from '@lvsm/kernel'
import { readFence } from './adapters/kernel/fence.ts'
import { openKernel } from './adapters/kernel/kernel.ts'
import { refuseRights } from './adapters/preflight.ts'
import { Agent } from './agent.ts'
import { type Configuration, type Read, readConfiguration, refuseKernel, type Self } from './configuration.ts'
import { readOptions, type RunOptions, USAGE } from './options.ts'
import { warningLines } from './warnings.ts'

/** The process that this is. */
export interface Program {
  say(text: string): void
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
      return program.print(`${USAGE}\n`)
    case 'refused':
      program.say(options.reason)
      program.complain(USAGE)
      return program.exit(2)
    case 'check':
    case 'run':
      return begin(options, program)
  }
}

function begin(options: RunOptions, program: Program): void {
  const self = { node: options.node ?? hostname(), named: options.node !== null }
  const read = readConfiguration(options.config, options.kind === 'check' && !self.named ? null : self)
  if (!read.ok) {
    for (const fault of read.faults) program.complain(fault)
    return program.exit(1)
  }
  if (options.kind === 'check') return tell(read, options.config, self, program)
  const faults = preflight(read, self.node, options)
  if (faults.length > 0) {
    for (const fault of faults) program.say(fault)
    return program.exit(1)
  }
  run(options, self, read, program)
}

/** Of a file without faults. Warnings are for people: the exit code is that of a file that may be used. */
function tell({ config, warnings }: Configuration, path: string, self: Self, program: Program): void {
  for (const line of warningLines(warnings, path)) program.complain(line)
  const [count, whose] = [warnings.length, self.named ? `, node ${self.node}` : '']
  const warned = count === 0 ? '' : `, ${count} ${count === 1 ? 'warning' : 'warnings'}`
  program.print(`${path}: no faults${warned} (cluster ${config.cluster}${whose}, revision ${config.revision})\n`)
}

/** What must be there before the first change; empty when all is. The lock is taken. */
function preflight({ config }: Configuration, node: string, { runDir, stateDir }: RunOptions): readonly string[] {
  const rights = refuseRights()
  if (rights) return [describeRefusal(rights)]
  const kernel = refuseKernel(config, node)
  if (kernel.length > 0) return kernel
  for (const directory of [runDir, stateDir]) {
    try {
      mkdirSync(directory, { recursive: true, mode: 0o750 })
    } catch (error) {
      return [`cannot make ${directory}: ${(error as Error).message}`]
    }
  }
  if (join(runDir, 'agent.sock').length > 100)
    return [`--run-dir ${runDir} is too long for a unix socket: use at most 90 characters`]
  if (lockFile(join(runDir, 'agent.lock'))) return []
  return [`another lvsm-agent already runs for ${runDir}`, 'stop it first, or give this one its own --run-dir']
}

function run(options: RunOptions, self: Self, configuration: Configuration, program: Program): void {
  const { runDir, stateDir, config } = options
  try {
    const agent = new Agent(
      { node: self.node, runDir, stateDir },
      configuration,
      {
        clock: boottime,
        readConfiguration: () => reread(config, self),
        readFence,
        say: (text) => program.say(text),
        exit: (code) => program.exit(code),
      },
      openKernel(),
    )
    for (const signal of ['SIGTERM', 'SIGINT'] as const) program.on(signal, () => agent.stop(signal))
    program.on('SIGHUP', () => agent.reload('SIGHUP'))
  } catch (error) {
    program.say(`the kernel cannot be asked: ${(error as Error).message}`)
    program.say('  it needs rtnetlink and nf_tables (modprobe nf_tables; Debian: package linux-image-amd64)')
    program.exit(1)
  }
}

function reread(path: string, self: Self): Read {
  const read = readConfiguration(path, self)
  const faults = read.ok ? refuseKernel(read.config, self.node) : []
  return faults.length > 0 ? { ok: false, faults } : read
}
