/** The configuration file and the secrets that it names: read and checked as a whole, at the start and at each SIGHUP. */
import { describeRefusal, type Refusal, type Warning } from '@lvsm/base'
import { NO_FACTS } from '@lvsm/changes'
import { checkConfig, type Config, nodeView, type PairRing, placeOf, suggest } from '@lvsm/model'
import type { Facts } from '@lvsm/protocol'
import { doubtFile, quoted } from '../process/trust.ts'
import { distrust, readSecrets, readTrusted } from './adapters/files.ts'
import { readFacts } from './adapters/wanted.ts'
import { openTable } from './adapters/kernel/ipvs.ts'
import { refuseModules } from './adapters/preflight.ts'
import { type Host, hostWarnings } from './host.ts'

/** A cluster of a thousand services has a megabyte. */
export const LARGEST_CONFIGURATION = 8 * 1024 * 1024

export interface Configuration {
  readonly config: Config
  /** Key id → hexadecimal digits, of keys whose secret stands in a file. */
  readonly secrets: ReadonlyMap<number, string>
  /** Keys that this node has with each of the others; missing: it follows no coordinators. */
  readonly ring?: PairRing
  /** What works and is probably not meant; in the order of the file. */
  readonly warnings: readonly Warning[]
  /** What operators want for a while; null: that is there, and cannot be read. */
  readonly facts: Facts | null
}
export type Read =
  | ({ readonly ok: true } & Configuration)
  /** Every fault with its place, as lines for people. */
  | { readonly ok: false; readonly faults: readonly string[] }

/** Whose part of the cluster it is: `named` on the command line, else taken from the host. */
export interface Self {
  readonly node: string
  readonly named: boolean
  /** The machine, where the file is asked about by it; a program that runs sees for itself what comes and goes. */
  readonly host?: Host
}

/**
 * `self`: null where only the file itself is looked at, perhaps where none of its key files is. `strict`: files that others
 * could have written, and keys that others could have read, are refused; else they are warned about. `factsPath`: what operators
 * want for a while, where it is what coordinators have (`followed`); null: it is a file of an operator's.
 */
export function readConfiguration(
  path: string,
  self: Self | null,
  strict: boolean,
  factsPath: string | null = null,
): Read {
  const read = readTrusted(path, LARGEST_CONFIGURATION, doubtFile)
  if ('error' in read) return { ok: false, faults: [`${path}: ${read.error}`] }
  if (strict && read.doubts.length > 0) return refused(path, read.doubts.map(distrust))
  const checked = checkConfig(read.text)
  if (!checked.config) return refused(path, checked.refusals, checked.more)
  const { warnings } = checked
  const followed = factsPath !== null
  const config: Config = { ...checked.config, followed }
  if (!followed && config.epoch !== 1)
    return refused(path, [{ ...epochInFile(config), ...placeOf(read.text, ['epoch']) }])
  const stranger = self && strangerIn(config, self)
  if (stranger) return refused(path, [stranger])
  const { secrets, refusals, doubts } = readSecrets(config, path, strict)
  const faults = refusals.map((fault) => ({ ...fault, ...placeOfKey(read.text, fault) }))
  const missing = faults.filter(({ code }) => self === null && code === 'no-secret-file')
  if (faults.length > missing.length) return refused(path, faults)
  const absent = missing.map((fault): Warning => ({ ...fault, severity: 'info' }))
  const open = read.isOpen && config.keys.some(({ secret }) => secret !== null) ? [openSecret(path)] : []
  const ofFiles = [
    ...read.doubts.map(distrust),
    ...open,
    ...doubts.map((doubt) => ({ ...doubt, ...placeOfKey(read.text, doubt) })),
  ]
  const doubted = ofFiles.map((doubt): Warning => ({ ...doubt, severity: 'warning' }))
  const here = self?.host ? hostWarnings(config, self.node, self.host, (place) => placeOf(read.text, place)) : []
  const facts = followed ? readFacts(factsPath) : NO_FACTS
  return { ok: true, config, secrets, facts, warnings: [...doubted, ...warnings, ...here, ...absent] }
}

/** Of a key file that cannot be used: where the configuration names it. */
function placeOfKey(text: string, { field = '' }: Refusal): Partial<Refusal> {
  const [, key] = /^keys\[(\d+)\]/.exec(field) ?? []
  return key === undefined ? {} : placeOf(text, ['keys', Number(key), 'file'])
}

/** Each file on its own says which voters there are: a number is no proof that the others say the same. */
const epochInFile = ({ epoch }: Config): Refusal => ({
  code: 'epoch-in-file',
  message: `epoch ${epoch}: coordinators number the sets of voters, and a file has none`,
  hint: 'take the key out; to change the voters of nodes that read a file, stop all lease processes first',
})

/** The key of the cluster is worth as much as root on each of its nodes. */
const openSecret = (path: string): Refusal => ({
  code: 'open-secret',
  message: 'others may read this file, and a secret stands in it',
  hint: `chmod 600 ${quoted(path)}, and give the cluster a new key`,
})

function strangerIn({ nodes }: Config, { node, named }: Self): Refusal | null {
  const names = nodes.map(({ name }) => name)
  if (names.includes(node)) return null
  const nearest = suggest(node, names, 'nodes')
  const hint = named ? nearest : `that is the hostname: name this node with --node NAME (${nearest})`
  return { code: 'unknown-node', message: `there is no node "${node}"`, hint }
}

/** `more`: faults that nobody wants to read before the others are mended. */
function refused(path: string, refusals: readonly Refusal[], more = 0): Read {
  const all = refusals.length + more
  const count = `${all} ${all === 1 ? 'fault' : 'faults'}${more > 0 ? `, of which these are the first ${refusals.length}` : ''}`
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
