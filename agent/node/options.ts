/** The command line of `lvsm-agent`, and its way to say things. */
import { parseArgs } from 'node:util'

export interface Options {
  /** The file. */
  readonly config: string
  readonly runDir: string
  readonly stateDir: string
  readonly check: boolean
}

export const say = (text: string): void => void process.stderr.write(`lvsm-agent: ${text}\n`)
export function fail(...lines: string[]): never {
  for (const line of lines) say(line)
  process.exit(1)
}

const USAGE = `usage: lvsm-agent --config FILE [--run-dir DIR] [--state-dir DIR] [--check]
  --config FILE     configuration of this node
  --run-dir DIR     sockets (/run/lvsm)
  --state-dir DIR   what is kept over a restart (/var/lib/lvsm)
  --check           print every fault of the configuration and leave`

function misuse(text: string): never {
  say(text)
  process.stderr.write(`${USAGE}\n`)
  process.exit(2)
}

export function options(): Options {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  try {
    const { values } = parseArgs({
      options: { config: text, 'run-dir': text, 'state-dir': text, check: flag, help: flag },
    })
    if (values.help) {
      process.stdout.write(`${USAGE}\n`)
      process.exit(0)
    }
    if (!values.config) return misuse('--config is missing')
    return {
      config: values.config,
      runDir: values['run-dir'] ?? '/run/lvsm',
      stateDir: values['state-dir'] ?? '/var/lib/lvsm',
      check: values.check,
    }
  } catch (error) {
    return misuse((error as Error).message)
  }
}
