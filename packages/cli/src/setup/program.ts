/** The command line of `init`, `join` and `rekey`: names, options, help. Parsing only. */
import { ALGORITHMS, type Exit } from '@lvsm/protocol'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { CoordinatorSession } from '../config/write.ts'
import type { Terminal } from '../terminal.ts'
import { ADMIN, init, type InitOptions } from './init.ts'
import { join, type JoinOptions } from './join.ts'
import { leave, type LeaveOptions } from './leave.ts'
import { DIRECTORIES, ROLES } from './options.ts'
import { directoriesOf, placed, type Placed } from './places.ts'
import { DEFAULT_PORTS } from './ports.ts'
import { rekey } from './rekey.ts'

/** A cluster does not begin with one that keeps nobody out. */
const SIGNATURES = ALGORITHMS.filter((name) => name !== 'crc32')
type Run = (command: (terminal: Terminal) => Promise<Exit>) => Promise<void>

const port = (text: string): number => {
  const value = Number(text)
  if (!/^\d{1,5}$/.test(text) || value < 1 || value > 65_535) throw new InvalidArgumentError('a port is needed.')
  return value
}

function shared(command: Command): Command {
  command
    .option('--name <node>', "this node's name; the host name by default")
    .addOption(new Option('--role <role>', 'what it is').choices(ROLES))
    .option('--interface <name>', 'for heartbeats: its first address is the node’s')
    .option('--address <address>', 'the address itself, where the first is another one')
    .addOption(
      new Option('--port <port>', 'UDP port of the heartbeats').argParser(port).default(DEFAULT_PORTS.heartbeat),
    )
    .option('--listen <address:port>', `where nodes reach its coordinator; port ${DEFAULT_PORTS.nodes} by default`)
    .option('--api <address:port>', `where people and joining machines reach it; port ${DEFAULT_PORTS.api} by default`)
    .option('--no-probe', 'do not try addresses and ports before: they come later, or other programs end by then')
    .option('--no-start', 'set it up, and start nothing')
    .option('-y, --yes', 'do not ask', false)
  return placed(command)
}

export function leaveProgram(
  root: Command,
  run: (command: (session: CoordinatorSession) => Promise<Exit>) => Promise<void>,
): void {
  placed(root.command('leave').description('this machine is in no cluster any more; what it had is moved away'))
    .option('--force', 'also where the cluster still has it, or nobody says', false)
    .option('--no-stop', 'stop no units')
    .option('-y, --yes', 'do not ask', false)
    .action((options: Omit<LeaveOptions, 'directories'> & Placed) =>
      run((session) => leave(session, { ...options, directories: directoriesOf(options) })),
    )
}

export function setupProgram(root: Command, run: Run): void {
  shared(root.command('init').description('begin a cluster on this machine'))
    .option('--cluster <name>', 'name of the cluster')
    .option('--password-file <file>', `password of ${ADMIN}, the first user: its first line; - for standard input`)
    .addOption(new Option('--auth <algorithm>', 'of the heartbeats').choices(SIGNATURES).default('sha256'))
    .action((options: Omit<InitOptions, 'directories'> & Placed) =>
      run((terminal) => init(terminal, { ...options, directories: directoriesOf(options) })),
    )
  shared(root.command('join').description('make this machine a node of a cluster; lvsm token create prints the token'))
    .argument('<token>')
    .action((token: string, options: Omit<JoinOptions, 'directories'> & Placed) =>
      run((terminal) => join(terminal, token, { ...options, directories: directoriesOf(options) })),
    )
  root
    .command('rekey')
    .description('make a new key for the heartbeats of this node; no heartbeat is lost meanwhile')
    .addOption(new Option('--state-dir <dir>').default(DIRECTORIES.state).hideHelp())
    .action(({ stateDir }: Pick<Placed, 'stateDir'>) => run((terminal) => rekey(terminal, { state: stateDir })))
}
