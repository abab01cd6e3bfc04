/** What people want of the voters: a command that says of one node whether it votes, and of nothing else. */
import type { ConfigCommand } from '@lvsm/protocol'
import type { Document } from '../document/document.ts'

/** The step that it asks for; null: the command is another one, or it is so already. */
export function stepWished(
  { nodes }: Document,
  command: ConfigCommand,
): { readonly add: string | null; readonly remove: string | null } | null {
  if (command.verb !== 'set' || command.noun !== 'node') return null
  const { node = '' } = command.which
  const keys = Object.keys(command.values)
  const { voter } = command.values
  if (keys.join() !== 'voter' || (typeof voter !== 'boolean' && voter !== null) || !Object.hasOwn(nodes, node))
    return null
  const votes = nodes[node]?.voter === true
  if ((voter === true) === votes) return null
  return votes ? { add: null, remove: node } : { add: node, remove: null }
}
