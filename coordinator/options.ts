/** What the command line of `lvsm-coordinator` asks for. */
import { isIP } from 'node:net'
import { parseArgs } from 'node:util'
import { DAEMON_EXITS, exitTable, type CoordinatorHome } from '@lvsm/protocol'

/** For other nodes. */
const PORT = 7446

export const USAGE = `usage: lvsm-coordinator [--state-dir DIR] [--run-dir DIR]
       lvsm-coordinator --found FILE --node NAME --listen ADDRESS[:PORT]... --identity FILE [--state-dir DIR]
             [--run-dir DIR]
       lvsm-coordinator --join --identity FILE --listen ADDRESS[:PORT]... [--state-dir DIR] [--run-dir DIR]
       lvsm-coordinator --version | --help
  --found FILE      begin a cluster's configuration with this file, and leave; the first coordinator is here
  --node NAME       this node, as the file calls it
  --join            become one of the coordinators of the cluster that this node is in, and leave
  --listen ADDRESS  where other nodes reach this one; port ${PORT} unless one is named ([2001:db8::1]:7446 for IPv6)
  --identity FILE   who this node is (/var/lib/lvsm/node.json), where its agent looks: --found writes it, with a key of its own
  --run-dir DIR     socket (/run/lvsm-coordinator)
  --state-dir DIR   keys and database (/var/lib/lvsm-coordinator)`
export const HELP = `${USAGE}
Signals: TERM, INT and QUIT hand leadership over and end it; USR1 writes its state to the log; HUP and USR2 do nothing.
Exit codes:
${exitTable(DAEMON_EXITS)}`

export interface Directories {
  readonly runDir: string
  readonly stateDir: string
}
export type Options =
  | ({ readonly kind: 'run' } & Directories)
  | ({
      readonly kind: 'found'
      readonly file: string
      readonly node: string
      readonly listen: CoordinatorHome['listen']
      /** Where its agent's identity is written. */
      readonly identity: string
    } & Directories)
  | ({ readonly kind: 'join'; readonly identity: string; readonly listen: CoordinatorHome['listen'] } & Directories)
  | { readonly kind: 'help' | 'version' }
  /** It cannot be understood; why, in one sentence. */
  | { readonly kind: 'refused'; readonly reason: string }

const WORDS = {
  found: { type: 'string' },
  node: { type: 'string' },
  join: { type: 'boolean', default: false },
  listen: { type: 'string', multiple: true },
  identity: { type: 'string' },
  'run-dir': { type: 'string', default: '/run/lvsm-coordinator' },
  'state-dir': { type: 'string', default: '/var/lib/lvsm-coordinator' },
  help: { type: 'boolean', short: 'h', default: false },
  version: { type: 'boolean', short: 'V', default: false },
} as const

const refused = (reason: string): Options => ({ kind: 'refused', reason })

/** Never throws. */
export function readOptions(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({ args: [...args], options: WORDS })
    if (values.help) return { kind: 'help' }
    if (values.version) return { kind: 'version' }
    const { found, join, identity, node, listen = [], 'run-dir': runDir, 'state-dir': stateDir } = values
    if (join) {
      if (found !== undefined || node !== undefined)
        return refused('--join goes without --found and --node: the cluster is there, and --identity says who this is')
      return readJoining(identity, listen, { runDir, stateDir })
    }
    if (found !== undefined) return readFounding(found, { node, listen, identity }, { runDir, stateDir })
    if (node !== undefined || listen.length > 0 || identity !== undefined)
      return refused(
        '--node, --listen and --identity go with --found or --join: a coordinator that is there knows who it is',
      )
    return { kind: 'run', runDir, stateDir }
  } catch (error) {
    return refused((error as Error).message)
  }
}

interface FoundingWords {
  readonly node: string | undefined
  readonly listen: readonly string[]
  readonly identity: string | undefined
}
function readFounding(file: string, { node, listen, identity }: FoundingWords, where: Directories): Options {
  if (file === '') return refused('--found names no file')
  if (node === undefined || node === '') return refused('--node is missing: which node of the file is this?')
  if (identity === undefined || identity === '')
    return refused('--identity is missing: where does the agent of this node look for who it is?')
  const read = readListen(listen)
  return read.ok ? { kind: 'found', file, node, listen: read.endpoints, identity, ...where } : refused(read.reason)
}

function readJoining(identity: string | undefined, listen: readonly string[], where: Directories): Options {
  if (identity === undefined || identity === '') return refused('--identity is missing: which node is this?')
  const read = readListen(listen)
  return read.ok ? { kind: 'join', identity, listen: read.endpoints, ...where } : refused(read.reason)
}

type Listen =
  | { readonly ok: true; readonly endpoints: CoordinatorHome['listen'] }
  | { readonly ok: false; readonly reason: string }
function readListen(listen: readonly string[]): Listen {
  if (listen.length === 0) return { ok: false, reason: '--listen is missing: where do other nodes reach this one?' }
  const endpoints: { host: string; port: number }[] = []
  for (const text of listen) {
    const endpoint = readEndpoint(text)
    if (endpoint === null)
      return { ok: false, reason: `--listen ${text} is no address of a node (10.12.0.11, or 10.12.0.11:${PORT})` }
    endpoints.push(endpoint)
  }
  return { ok: true, endpoints }
}

/** `10.0.0.1`, `10.0.0.1:7446`, `2001:db8::1`, `[2001:db8::1]:7446`; no node is reached at the address of nobody. */
function readEndpoint(text: string): { host: string; port: number } | null {
  const [, bracketed, plain, digits] = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain ?? text
  const port = digits === undefined ? PORT : Number(digits)
  const isNobody = /^[0.:]+$/.test(host)
  return isIP(host) && !isNobody && port >= 1 && port <= 65_535 ? { host, port } : null
}
