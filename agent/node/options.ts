/** What the command line of `lvsm-agent` asks for. */
import { parseArgs } from 'node:util'

export const USAGE = `usage: lvsm-agent --config FILE [--run-dir DIR] [--state-dir DIR] [--check]
  --config FILE     configuration of this node
  --run-dir DIR     sockets (/run/lvsm)
  --state-dir DIR   what is kept over a restart (/var/lib/lvsm)
  --check           print every fault of the configuration and leave
SIGHUP reads the configuration again; one with faults changes nothing.`

export interface RunOptions {
  readonly kind: 'run' | 'check'
  /** The file. */
  readonly config: string
  readonly runDir: string
  readonly stateDir: string
}
export type Options =
  | RunOptions
  | { readonly kind: 'help' }
  /** It cannot be understood; why, in one sentence. */
  | { readonly kind: 'refused'; readonly reason: string }

const WORDS = {
  config: { type: 'string', default: '' },
  'run-dir': { type: 'string', default: '/run/lvsm' },
  'state-dir': { type: 'string', default: '/var/lib/lvsm' },
  check: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

/** Never throws. */
export function readOptions(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({ args: [...args], options: WORDS })
    const { config, 'run-dir': runDir, 'state-dir': stateDir, check } = values
    if (values.help) return { kind: 'help' }
    if (config === '') return { kind: 'refused', reason: '--config is missing' }
    return { kind: check ? 'check' : 'run', config, runDir, stateDir }
  } catch (error) {
    return { kind: 'refused', reason: (error as Error).message }
  }
}
