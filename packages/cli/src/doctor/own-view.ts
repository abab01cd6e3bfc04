/** What this machine is in its cluster, by the files that its agent runs on, wherever they are; null where it is in none. */
import { join } from 'node:path'
import { checkConfig, type NodeView, nodeView } from '@lvsm/model'
import { decodeNodeIdentity, type MachineFacts } from '@lvsm/protocol'
import { Failure } from '../failure.ts'
import { nodeName } from '../setup/host.ts'
import { textAt } from '../setup/files.ts'

export interface Files {
  readonly etc: string
  readonly state: string
  /** In place of both. */
  readonly config?: string
}

/** `named`: by `--node`. */
export function ownView({ etc, state, config: file }: Files, named: string | undefined): NodeView | null {
  const identity = file === undefined ? textAt(join(state, 'node.json')) : null
  const path = file ?? (identity === null ? join(etc, 'lvsm.yaml') : join(state, 'followed.yaml'))
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

/** The agent that runs on this machine, by its command line; null: there is none. */
export const agentOf = ({ processes }: MachineFacts): MachineFacts['processes'][number] | null =>
  processes.find(({ name }) => name === 'lvsm-agent') ?? null

/** What the agent that runs here was started with says where the configuration is. */
export function viewOfAgent(
  { pid, words }: Pick<MachineFacts['processes'][number], 'pid' | 'words'>,
  { etc, state }: Files,
  named: string | undefined,
): NodeView {
  const given = (option: string): string | undefined => new RegExp(`(?:^|\\s)--${option}[= ](\\S+)`).exec(words)?.[1]
  const config = given('config')
  const at = { etc, state: given('state-dir') ?? state, ...(config === undefined ? {} : { config }) }
  const view = ownView(at, named ?? given('node'))
  if (view) return view
  throw new Failure(
    'refused',
    `lvsm-agent runs here (process ${pid}), and what it runs on was not found (${config ?? at.state})`,
    'name the directory of its state: --state-dir DIR; --alone looks at the machine without it',
  )
}
