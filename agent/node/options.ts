/** What the command line of `lvsm-agent` asks for. */
import { DAEMON_EXITS, exitTable } from '@lvsm/protocol'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

export const USAGE = `usage: lvsm-agent --config FILE [--node NAME] [--run-dir DIR] [--state-dir DIR] [--check]
       lvsm-agent --follow SOCKET [--node NAME] [--run-dir DIR] [--state-dir DIR]
       lvsm-agent --version | --help
  --config FILE     configuration of the cluster, the same on every node
  --follow SOCKET   in place of a file: what the coordinator on this node has (/run/lvsm-coordinator/coordinator.sock); the
                    last of it is kept, so that the agent starts and works without a coordinator too
  --node NAME       this node, as the configuration calls it (the hostname)
  --run-dir DIR     sockets (/run/lvsm)
  --state-dir DIR   what is kept over a restart (/var/lib/lvsm)
  --check           print every fault of the configuration and leave; with --node also whether it knows the node`
export const HELP = `${USAGE}
Signals: HUP reads the configuration again, and one with faults changes nothing; TERM, INT and QUIT end it, and the data
plane stays as it is; USR1 writes its state to the log; USR2 does nothing.
Exit codes:
${exitTable(DAEMON_EXITS)}`

export interface RunOptions {
  readonly kind: 'run' | 'check'
  /** The file. */
  readonly config: string
  /** Socket of the coordinator whose document is kept in that file; null: the file is the operator's. */
  readonly follow: string | null
  /** Null: the hostname. */
  readonly node: string | null
  readonly runDir: string
  readonly stateDir: string
}
export type Options =
  | RunOptions
  | { readonly kind: 'help' | 'version' }
  /** It cannot be understood; why, in one sentence. */
  | { readonly kind: 'refused'; readonly reason: string }

const WORDS = {
  config: { type: 'string', default: '' },
  follow: { type: 'string' },
  node: { type: 'string' },
  'run-dir': { type: 'string', default: '/run/lvsm' },
  'state-dir': { type: 'string', default: '/var/lib/lvsm' },
  check: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
  version: { type: 'boolean', short: 'V', default: false },
} as const

/** In the state directory. */
const FOLLOWED = 'followed.yaml'

function refuseFollow(follow: string, config: string, check: boolean): string | null {
  if (follow === '') return '--follow names no socket'
  if (config !== '') return '--config and --follow exclude each other: a node follows a file, or a coordinator'
  return check ? '--check is about a file: lvsm config show, for what the coordinators have' : null
}

/** Never throws. */
export function readOptions(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({ args: [...args], options: WORDS })
    const { config, follow = null, node = null, 'run-dir': runDir, 'state-dir': stateDir, check } = values
    if (values.help) return { kind: 'help' }
    if (values.version) return { kind: 'version' }
    if (follow !== null) {
      const reason = refuseFollow(follow, config, check)
      if (reason !== null) return { kind: 'refused', reason }
      return { kind: 'run', config: join(stateDir, FOLLOWED), follow, node, runDir, stateDir }
    }
    if (config === '') return { kind: 'refused', reason: '--config is missing' }
    return { kind: check ? 'check' : 'run', config, follow, node, runDir, stateDir }
  } catch (error) {
    return { kind: 'refused', reason: (error as Error).message }
  }
}
