/** `lvsm rekey`: this node gets a new key for its heartbeats. */
import type { Exit } from '@lvsm/protocol'
import { join } from 'node:path'
import { Failure } from '../failure.ts'
import type { Terminal } from '../terminal.ts'
import { addHalf, halvesAt, textAt } from './files.ts'
import type { Directories } from './options.ts'

/** One that signs, and one that is on its way in or out. */
const MOST = 2

/** The agent looks for it every few seconds, and tells the coordinators. */
export async function rekey(terminal: Terminal, { state }: Pick<Directories, 'state'>): Promise<Exit> {
  if (textAt(join(state, 'node.json')) === null)
    throw new Failure(
      'refused',
      'this machine is no node of a cluster with coordinators',
      'let it join one: lvsm join TOKEN; keys in a file of the configuration are changed there',
    )
  const known = halvesAt(state)
  if (known.length >= MOST)
    throw new Failure(
      'refused',
      'the last change of this key is not over: not every node has it',
      'wait until they have; a node that does not come back holds it up until it is removed (lvsm node remove)',
    )
  addHalf(state, known)
  terminal.print('a new heartbeat key is made; it signs when every node knows it, and the old one counts until then\n')
  return 'ok'
}
