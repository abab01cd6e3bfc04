/** Which agent to ask: from --socket, --node, LVSM_SOCKET or the default, in this order; and which coordinator, likewise. */
import { Failure } from './failure.ts'

export const RUN_DIR = '/run/lvsm'
export const DEFAULT_SOCKET = `${RUN_DIR}/agent.sock`

export const COORDINATOR_RUN_DIR = '/run/lvsm-coordinator'
export const DEFAULT_COORDINATOR_SOCKET = `${COORDINATOR_RUN_DIR}/coordinator.sock`

export interface SocketChoice {
  readonly socket?: string | undefined
  readonly coordinatorSocket?: string | undefined
  readonly node?: string | undefined
}

interface Place {
  readonly option: string
  readonly said: string | undefined
  readonly environment: string | undefined
  readonly runDir: string
  readonly file: string
}

/** Socket paths in the order in which they are preferred; never empty. A list is separated by colons. */
export const socketPaths = ({ socket, node }: SocketChoice, environment: string | undefined): string[] =>
  pathsOf({ option: '--socket', said: socket, environment, runDir: RUN_DIR, file: 'agent.sock' }, node)

export const coordinatorPaths = (choice: SocketChoice, environment: string | undefined): string[] =>
  pathsOf(
    {
      option: '--coordinator-socket',
      said: choice.coordinatorSocket,
      environment,
      runDir: COORDINATOR_RUN_DIR,
      file: 'coordinator.sock',
    },
    choice.node,
  )

/** For what agents know too: none where an agent is named, and no coordinator. */
export function placesOfCluster(
  choice: SocketChoice,
  { LVSM_SOCKET: agents, LVSM_COORDINATOR_SOCKET: coordinators }: Readonly<Record<string, string | undefined>>,
): string[] {
  const isAgentNamed = choice.socket !== undefined || (choice.node === undefined && (agents ?? '') !== '')
  const isNamed = choice.coordinatorSocket !== undefined || (choice.node === undefined && (coordinators ?? '') !== '')
  return isAgentNamed && !isNamed ? [] : coordinatorPaths(choice, coordinators)
}

function pathsOf({ option, said, environment, runDir, file }: Place, node: string | undefined): string[] {
  if (said !== undefined && node !== undefined) {
    throw new Failure('usage', `${option} and --node exclude each other`, 'give one of them')
  }
  if (node !== undefined) return [nodeSocket(node, runDir, file)]
  const list = said ?? environment ?? ''
  const paths = list.split(':').filter((path) => path !== '')
  if (said !== undefined && paths.length === 0) {
    throw new Failure('usage', `${option} names no path`, `for example ${option} ${runDir}/${file}`)
  }
  return paths.length > 0 ? [...new Set(paths)] : [`${runDir}/${file}`]
}

/** Several nodes of one machine (the lab) keep their sockets in a directory of their own. */
function nodeSocket(node: string, runDir: string, file: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(node)) {
    throw new Failure(
      'usage',
      `--node: ${JSON.stringify(node)} is no node name`,
      'a name has letters, digits, dots and dashes',
    )
  }
  return `${runDir}/${node}/${file}`
}
