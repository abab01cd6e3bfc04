/** What the command line of `lvsm-agent` asks for. */
import { DAEMON_EXITS, exitTable } from '@lvsm/protocol'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { refuseEmpty } from '../process/options.ts'
import { FACTS, FOLLOWED } from './adapters/feed/kept.ts'

/** Of a node without coordinators, where none is named. */
export const DEFAULT_CONFIG = '/etc/lvsm/lvsm.yaml'

export const USAGE = `usage: lvsm-agent [--run-dir DIR] [--state-dir DIR]
       lvsm-agent --config FILE [--node NAME] [--run-dir DIR] [--state-dir DIR] [--check]
       lvsm-agent --give-back [--run-dir DIR] [--state-dir DIR]
       lvsm-agent --version | --help
Without --config it follows the coordinators, as the node that node.json in its state directory says it is (lvsm init, lvsm join);
what they had last is kept, so that it starts and works without them too. Where there is no node.json it reads ${DEFAULT_CONFIG}.
  --config FILE     configuration of the cluster, the same on every node, in place of coordinators
  --node NAME       this node, as that file calls it (the hostname)
  --run-dir DIR     sockets (/run/lvsm)
  --state-dir DIR   what is kept over a restart (/var/lib/lvsm)
  --give-back       take back what this node has in the kernel for its cluster, settings as they were before, and leave; forwarding stays
                    on. With lvsm-agent and lvsm-lease stopped, on a node that leaves: lvsm leave does it
  --check           print every fault of the configuration and leave; with --node also whether it knows the node`
export const HELP = `${USAGE}
Signals: HUP reads the configuration again, and one with faults changes nothing; TERM, INT and QUIT end it, and the data
plane stays as it is; USR1 writes its state to the log; USR2 does nothing.
Exit codes:
${exitTable(DAEMON_EXITS)}`

export interface RunOptions {
  readonly kind: 'run' | 'check'
  /** What operators want for a while, as the coordinators have it; null: nobody says. */
  readonly facts: string | null
  /** The file: the operator's, or what it keeps of what it follows. */
  readonly config: string
  readonly follows: boolean
  /** Null: the hostname; of who follows: what its identity says. */
  readonly node: string | null
  readonly runDir: string
  readonly stateDir: string
}
export type Options =
  | RunOptions
  | { readonly kind: 'help' | 'version' }
  | { readonly kind: 'give-back'; readonly runDir: string; readonly stateDir: string }
  /** It cannot be understood; why, in one sentence. */
  | { readonly kind: 'refused'; readonly reason: string }

const WORDS = {
  config: { type: 'string' },
  node: { type: 'string' },
  'run-dir': { type: 'string', default: '/run/lvsm' },
  'state-dir': { type: 'string', default: '/var/lib/lvsm' },
  check: { type: 'boolean', default: false },
  'give-back': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
  version: { type: 'boolean', short: 'V', default: false },
} as const

/** Who follows the coordinators is who its identity says. */
function refuseBeside(node: string | null, check: boolean): string | null {
  if (node !== null)
    return '--node goes with --config: who follows the coordinators is the node that its node.json names'
  return check ? '--check is about a file (--config FILE): lvsm config show, for what the coordinators have' : null
}

/** Never throws. */
export function readOptions(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({ args: [...args], options: WORDS })
    const { config, node = null, 'run-dir': runDir, 'state-dir': stateDir, check } = values
    if (values.help) return { kind: 'help' }
    if (values.version) return { kind: 'version' }
    const empty = refuseEmpty(values)
    if (empty !== null) return { kind: 'refused', reason: empty }
    const where = { runDir, stateDir }
    if (values['give-back'])
      return config === undefined && node === null && !check
        ? { kind: 'give-back', ...where }
        : { kind: 'refused', reason: '--give-back is about this machine alone: it goes with --run-dir and --state-dir' }
    if (config !== undefined)
      return { kind: check ? 'check' : 'run', config, facts: null, follows: false, node, ...where }
    const reason = refuseBeside(node, check)
    if (reason !== null) return { kind: 'refused', reason }
    return {
      kind: 'run',
      config: join(stateDir, FOLLOWED),
      facts: join(stateDir, FACTS),
      follows: true,
      node,
      ...where,
    }
  } catch (error) {
    return { kind: 'refused', reason: (error as Error).message }
  }
}
