/** The configuration file and the secrets that it names: read and checked as a whole, at the start and at each SIGHUP. */
import { describeRefusal, type Refusal } from '@lvsm/base'
import { checkConfig, type Config, nodeView } from '@lvsm/model'
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

export function readConfiguration(path: string): Read {
  const read = readText(path)
  if ('error' in read) return { ok: false, faults: [`${path}: ${read.error}`] }
  const { config, refusals } = checkConfig(read.text)
  if (!config) return refused(path, refusals)
  const keys = readSecrets(config, path)
  return keys.refusals.length > 0 ? refused(path, keys.refusals) : { ok: true, config, secrets: keys.secrets }
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
