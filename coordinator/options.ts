/** What the command line of `lvsm-coordinator` asks for. */
import { parseArgs } from 'node:util'
import { parseEndpoint } from '@lvsm/base'
import { DAEMON_EXITS, exitTable, type CoordinatorHome, MOST_ADDRESSES, userName } from '@lvsm/protocol'
import { refuseEmpty } from '../agent/process/options.ts'

/** For other nodes. */
const PORT = 7446
/** For people, and for machines that join. */
const API_PORT = 7445

export const USAGE = `usage: lvsm-coordinator [--state-dir DIR] [--run-dir DIR]
       lvsm-coordinator --found FILE --node NAME --listen ADDRESS[:PORT]... [--api ADDRESS[:PORT]]... --identity FILE
             [--admin NAME] [--state-dir DIR] [--run-dir DIR]
       lvsm-coordinator --join --identity FILE --listen ADDRESS[:PORT]... [--api ADDRESS[:PORT]]... [--state-dir DIR]
             [--run-dir DIR]
       lvsm-coordinator --move --listen ADDRESS[:PORT]... [--api ADDRESS[:PORT]]... [--state-dir DIR] [--run-dir DIR]
       lvsm-coordinator --version | --help
  --found FILE      begin a cluster's configuration with this file, and leave; the first coordinator is here
  --node NAME       this node, as the file calls it
  --admin NAME      the first user, an administrator; the password is the first line of standard input
  --join            become one of the coordinators of the cluster that this node is in, and leave
  --move            other addresses from now on, all of them, and leave: it tells the others when it starts again
  --listen ADDRESS  where other nodes reach this one; port ${PORT} unless one is named ([2001:db8::1]:7446 for IPv6)
  --identity FILE   who this node is (/var/lib/lvsm/node.json), where its agent looks: --found writes it, with a key of its own
  --api ADDRESS     where people and machines that join reach it, by HTTPS; port ${API_PORT} unless one is named; without: nowhere
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
/** What a coordinator that comes to be is told. */
interface Newcomer extends Directories {
  readonly listen: CoordinatorHome['listen']
  /** Empty: people, and machines that join, do not reach it. */
  readonly api: CoordinatorHome['listen']
  /** Where its agent's identity is, or is to be written. */
  readonly identity: string
}
export type Options =
  | ({ readonly kind: 'run' } & Directories)
  | ({ readonly kind: 'found'; readonly file: string; readonly node: string; readonly admin: string | null } & Newcomer)
  | ({ readonly kind: 'join' } & Newcomer)
  | ({ readonly kind: 'move' } & Omit<Newcomer, 'identity'>)
  | { readonly kind: 'help' | 'version' }
  /** It cannot be understood; why, in one sentence. */
  | { readonly kind: 'refused'; readonly reason: string }

const WORDS = {
  found: { type: 'string' },
  node: { type: 'string' },
  admin: { type: 'string' },
  join: { type: 'boolean', default: false },
  move: { type: 'boolean', default: false },
  listen: { type: 'string', multiple: true },
  identity: { type: 'string' },
  api: { type: 'string', multiple: true },
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
    const {
      found,
      join,
      move,
      identity,
      node,
      admin,
      listen = [],
      api = [],
      'run-dir': runDir,
      'state-dir': stateDir,
    } = values
    const empty = refuseEmpty(values)
    if (empty !== null) return refused(empty)
    const where = { runDir, stateDir }
    if (move) {
      if (join || [found, node, admin, identity].some((value) => value !== undefined))
        return refused('--move goes with --listen and --api alone: this coordinator is there, and knows who it is')
      return readMoving({ listen, api, identity: '' }, where)
    }
    if (join) {
      if (found !== undefined || node !== undefined || admin !== undefined)
        return refused(
          '--join goes without --found, --node and --admin: the cluster is there, and --identity says who this is',
        )
      return readJoining({ listen, api, identity }, where)
    }
    if (found !== undefined) return readFounding({ file: found, node, admin }, { listen, api, identity }, where)
    if (node !== undefined || admin !== undefined || listen.length + api.length > 0 || identity !== undefined)
      return refused(
        '--node, --admin, --identity, --listen and --api go with --found or --join: a coordinator that is there knows who it is; --move gives it other addresses',
      )
    return { kind: 'run', runDir, stateDir }
  } catch (error) {
    return refused((error as Error).message)
  }
}

/** Of a coordinator that comes to be. */
interface Words {
  readonly listen: readonly string[]
  readonly api: readonly string[]
  readonly identity: string | undefined
}
interface First {
  readonly file: string
  readonly node: string | undefined
  readonly admin: string | undefined
}
function readFounding({ file, node, admin }: First, words: Words, where: Directories): Options {
  if (file === '') return refused('--found names no file')
  if (node === undefined || node === '') return refused('--node is missing: which node of the file is this?')
  if (admin !== undefined && !userName.safeParse(admin).success) return refused(`--admin ${admin} is no name of a user`)
  const read = readWords(words)
  return typeof read === 'string'
    ? refused(read)
    : { kind: 'found', file, node, admin: admin ?? null, ...read, ...where }
}
function readMoving(words: Words, where: Directories): Options {
  const read = readWords(words)
  if (typeof read === 'string') return refused(read)
  const { listen, api } = read
  return { kind: 'move', listen, api, ...where }
}
function readJoining(words: Words, where: Directories): Options {
  const read = readWords(words)
  return typeof read === 'string' ? refused(read) : { kind: 'join', ...read, ...where }
}

/** Or what is wrong with them. */
function readWords({ listen, api, identity }: Words): Omit<Newcomer, keyof Directories> | string {
  if (listen.length === 0) return '--listen is missing: where do other nodes reach this one?'
  if (identity === undefined) return '--identity is missing: where does the agent of this node look for who it is?'
  const forNodes = readEndpoints('--listen', listen, PORT)
  if (typeof forNodes === 'string') return forNodes
  const forPeople = readEndpoints('--api', api, API_PORT)
  return typeof forPeople === 'string' ? forPeople : { listen: forNodes, api: forPeople, identity }
}

/** Or what is wrong with one of them. */
function readEndpoints(option: string, texts: readonly string[], usual: number): CoordinatorHome['listen'] | string {
  const endpoints: { host: string; port: number }[] = []
  // A record in the log that nobody reads would begin a cluster that never starts.
  if (texts.length > MOST_ADDRESSES)
    return `${option} is there ${texts.length} times, and ${MOST_ADDRESSES} are the most`
  for (const text of texts) {
    const endpoint = parseEndpoint(text, usual)
    if (endpoint === null) return `${option} ${text} is no address of a node (10.12.0.11, or 10.12.0.11:${usual})`
    endpoints.push(endpoint)
  }
  return endpoints
}
