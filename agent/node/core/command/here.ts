/** What one node does: here, passed on to that node, or refused. */
import { suggest } from '@lvsm/model'
import type { Command } from '@lvsm/protocol'
import type { NodeState } from '../state.ts'
import { forward } from './forward.ts'
import type { Asked } from './pending.ts'
import { refuse, reply } from './reply.ts'

/** Is it this node's to do? Where not, it was passed on to `node` as `command`, or answered. */
export function isHere(state: NodeState, node: string, command: Command, { replyTo, mayForward }: Asked): boolean {
  const nodes = state.config?.nodes.map(({ name }) => name) ?? []
  if (!nodes.includes(node)) {
    const hint = suggest(node, nodes, 'nodes')
    reply(state, replyTo, refuse('unknown', 'unknown-node', `there is no node "${node}"`, hint))
    return false
  }
  if (node === state.node) return true
  if (mayForward) forward(state, node, command, replyTo)
  else reply(state, replyTo, refuse('conflict', 'wrong-node', `this is ${state.node}`, `ask ${node} itself`))
  return false
}
