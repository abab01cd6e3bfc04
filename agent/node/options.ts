/** What the command line of `lvsm-agent` asks for. */
import { DAEMON_EXITS, exitTable } from '@lvsm/protocol'
import { parseArgs } from 'node:util'

export const USAGE = `usage: lvsm-agent --config FILE [--node NAME] [--run-dir DIR] [--state-dir DIR] [--check]
       lvsm-agent --version | --help
  --config FILE     configuration of the cluster, the same on every node
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
  node: { type: 'string' },
  'run-dir': { type: 'string', default: '/run/lvsm' },
  'state-dir': { type: 'string', default: '/var/lib/lvsm' },
  check: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
  version: { type: 'boolean', short: 'V', default: false },
} as const

/** Never throws. */
export function readOptions(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({ args: [...args], options: WORDS })
    const { config, node = null, 'run-dir': runDir, 'state-dir': stateDir, check } = values
    if (values.help) return { kind: 'help' }
    if (values.version) return { kind: 'version' }
    if (config === '') return { kind: 'refused', reason: '--config is missing' }
    return { kind: check ? 'check' : 'run', config, node, runDir, stateDir }
  } catch (error) {
    return { kind: 'refused', reason: (error as Error).message }
  }
}
