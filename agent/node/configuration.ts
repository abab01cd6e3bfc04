/** The configuration file and the secrets that it names: read and checked as a whole, at the start and at each SIGHUP. */
import { describeRefusal, type Refusal } from '@lvsm/base'
import { checkConfig, type Config, nodeView, suggest } from '@lvsm/model'
import { readSecrets, readText } from './adapters/files.ts'
import { openTable } from './adapters/kernel/ipvs.ts'
import { refuseModules } from './adapters/preflight.ts'

export interface Configuration {
  readonly config: Config
  /** Key id → hexadecimal digits, of keys whose secret stands in a file. */
  readonly secrets: ReadonlyMap<number, string>
}
export type Read =
  | ({ readonly ok: true } & Configuration)
  /** Every fault with its place, as lines for people. */
  | { readonly ok: false; readonly faults: readonly string[] }

/** Whose part of the cluster it is: `named` on the command line, else taken from the host. */
export interface Self {
  readonly node: string
  readonly named: boolean
}

/** `self`: null where only the file itself is looked at. */
export function readConfiguration(path: string, self: Self | null): Read {
  const read = readText(path)
  if ('error' in read) return { ok: false, faults: [`${path}: ${read.error}`] }
  const { config, refusals } = checkConfig(read.text)
  if (!config) return refused(path, refusals)
  const stranger = self && strangerIn(config, self)
  if (stranger) return refused(path, [stranger])
  const keys = readSecrets(config, path)
  return keys.refusals.length > 0 ? refused(path, keys.refusals) : { ok: true, config, secrets: keys.secrets }
}

function strangerIn({ nodes }: Config, { node, named }: Self): Refusal | null {
  const names = nodes.map(({ name }) => name)
  if (names.includes(node)) return null
  const nearest = suggest(node, names, 'nodes')
  const hint = named ? nearest : `that is the hostname: name this node with --node NAME (${nearest})`
  return { code: 'unknown-node', message: `there is no node "${node}"`, hint }
}

function refused(path: string, refusals: readonly Refusal[]): Read {
  const count = `${refusals.length} ${refusals.length === 1 ? 'fault' : 'faults'}`
  return {
    ok: false,
    faults: [...refusals.map((refusal) => describeRefusal(refusal, path)), `${path}: ${count}; nothing was changed`],
  }
}

/** What the kernel lacks for the node's part of this configuration; modules are loaded where they are there. */
export function refuseKernel(config: Config, node: string): readonly string[] {
  const view = nodeView(config, node)
  if (!view) return []
  const refusals = refuseModules(view, () => {
    const table = openTable()
    const there = table.observe() !== null
    table.close()
    return there
  })
  return refusals.map((refusal) => describeRefusal(refusal))
}
