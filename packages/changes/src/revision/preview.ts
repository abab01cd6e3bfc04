/** What a write would do, for who asks before he writes: the difference, what each node would do about it, and what is odd. */
import type { Refusal, Warning } from '@lvsm/base'
import type { Config } from '@lvsm/model'
import type { Difference } from '@lvsm/protocol'
import type { Context } from '../command/command.ts'
import { commit, type Write } from './commit.ts'
import type { History } from './history.ts'
import { type NodePlan, whatNodesWouldDo } from './nodes.ts'

export type Preview =
  | {
      readonly change: readonly Difference[]
      /** Of the nodes that would do something. */
      readonly nodes: readonly NodePlan[]
      readonly warnings: readonly Warning[]
      readonly refusals?: never
    }
  | { readonly refusals: readonly Refusal[] }

/** `config`: what the newest document means. Nothing is kept of it. */
export function preview(history: History, config: Config, write: Write, context: Omit<Context, 'earlier'>): Preview {
  const result = commit(history, write, { at: 0, author: '', comment: '' }, context)
  if (result.refusals) return result
  const nodes = whatNodesWouldDo(config, result.config).filter(({ lines }) => lines.length > 0)
  return { change: result.change, nodes, warnings: result.warnings }
}
