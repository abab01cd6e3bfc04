/** What this machine is in its cluster, by the files that its agent runs on; null where it is in none. */
import { join } from 'node:path'
import { checkConfig, type NodeView, nodeView } from '@lvsm/model'
import { decodeNodeIdentity } from '@lvsm/protocol'
import { Failure } from '../failure.ts'
import { nodeName } from '../setup/host.ts'
import { textAt } from '../setup/files.ts'

export interface Files {
  readonly etc: string
  readonly state: string
}

/** `named`: by `--node`. */
export function ownView({ etc, state }: Files, named: string | undefined): NodeView | null {
  const identity = textAt(join(state, 'node.json'))
  const path = identity === null ? join(etc, 'lvsm.yaml') : join(state, 'followed.yaml')
  const text = textAt(path)
  if (text === null) return null
  const { config, refusals } = checkConfig(text)
  if (!config)
    throw new Failure(
      'refused',
      `${path}: ${refusals[0]?.message ?? 'not understood'}`,
      'lvsm-agent --check says everything about it; --alone looks at the machine without it',
    )
  const name = named ?? (identity === null ? nodeName() : (decodeNodeIdentity(identity)?.node ?? nodeName()))
  const view = nodeView(config, name)
  if (view) return view
  throw new Failure(
    'refused',
    `${path} has no node ${name}`,
    `name it with --node (${config.nodes.map((node) => node.name).join(', ')}), or look at the machine alone: --alone`,
  )
}
