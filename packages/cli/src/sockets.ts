/** Which agent to ask: from --socket, --node, LVSM_SOCKET or the default, in this order. */
import { Failure } from './failure.ts'

export const RUN_DIR = '/run/lvsm'
export const DEFAULT_SOCKET = `${RUN_DIR}/agent.sock`

export interface SocketChoice {
  readonly socket?: string | undefined
  readonly node?: string | undefined
}

/** Socket paths in the order in which they are preferred; never empty. A list is separated by colons. */
export function socketPaths(choice: SocketChoice, environment: string | undefined): string[] {
  if (choice.socket !== undefined && choice.node !== undefined) {
    throw new Failure('usage', '--socket and --node exclude each other', 'give one of them')
  }
  if (choice.node !== undefined) return [nodeSocket(choice.node)]
  const list = choice.socket ?? environment ?? ''
  const paths = list.split(':').filter((path) => path !== '')
  if (choice.socket !== undefined && paths.length === 0) {
    throw new Failure('usage', '--socket names no path', `for example --socket ${DEFAULT_SOCKET}`)
  }
  return paths.length > 0 ? [...new Set(paths)] : [DEFAULT_SOCKET]
}

/** Several nodes of one machine (the lab) keep their sockets in a directory of their own. */
function nodeSocket(node: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(node)) {
    throw new Failure(
      'usage',
      `--node: ${JSON.stringify(node)} is no node name`,
      'a name has letters, digits, dots and dashes',
    )
  }
  return `${RUN_DIR}/${node}/agent.sock`
}
