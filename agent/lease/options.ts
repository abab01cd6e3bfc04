/** What the command line asks for. */
import { DAEMON_EXITS, exitTable } from '@lvsm/protocol'
import { parseArgs } from 'node:util'
import { refuseEmpty } from '../process/options.ts'

export const USAGE = `usage: lvsm-lease [--node NAME] [--run-dir DIR] [--state-dir DIR]
       lvsm-lease --set-up [--state-dir DIR]     once on a new node: its voter need not wait for leases of a forgotten past
       lvsm-lease --version | --help
  --node NAME       this node, as the configuration calls it (as node.json in the state directory says, else the hostname)
  --run-dir DIR     socket (/run/lvsm)
  --state-dir DIR   what is kept over a restart (/var/lib/lvsm)`
export const HELP = `${USAGE}
Signals: TERM, INT and QUIT hand over and end it; USR1 writes its state to the log; HUP and USR2 do nothing.
Exit codes:
${exitTable(DAEMON_EXITS)}`

export interface RunOptions {
  readonly kind: 'run'
  readonly node: string
  readonly runDir: string
  readonly stateDir: string
}
export type Wish =
  /** Null: the hostname. */
  | (Omit<RunOptions, 'node'> & { readonly node: string | null })
  | { readonly kind: 'set-up'; readonly stateDir: string }
  | { readonly kind: 'help' | 'version' }
  /** It cannot be understood; why, in one sentence. */
  | { readonly kind: 'refused'; readonly reason: string }

const WORDS = {
  node: { type: 'string' },
  'set-up': { type: 'boolean', default: false },
  'run-dir': { type: 'string', default: '/run/lvsm' },
  'state-dir': { type: 'string', default: '/var/lib/lvsm' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
} as const

/** Never throws. */
export function readOptions(args: readonly string[]): Wish {
  try {
    const { values } = parseArgs({ args: [...args], options: WORDS })
    const { node = null, 'set-up': setUp, 'run-dir': runDir, 'state-dir': stateDir } = values
    if (values.help) return { kind: 'help' }
    if (values.version) return { kind: 'version' }
    const empty = refuseEmpty(values)
    if (empty !== null) return { kind: 'refused', reason: empty }
    if (setUp) return { kind: 'set-up', stateDir }
    return { kind: 'run', node, runDir, stateDir }
  } catch (error) {
    return { kind: 'refused', reason: (error as Error).message }
  }
}
