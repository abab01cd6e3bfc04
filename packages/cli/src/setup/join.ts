/** `lvsm join TOKEN`: this machine becomes a node of a cluster that is there. */
import { MODEL_VERSION } from '@lvsm/changes'
import { inNetwork, parseCidr } from '@lvsm/model'
import {
  encodeNodeIdentity,
  type Exit,
  type JoinPreview,
  type JoinReport,
  type NodeIdentity,
  type TokenText,
} from '@lvsm/protocol'
import { decodeToken, makeKeyPair, publicKeyOf } from '@lvsm/trust'
import { rmSync } from 'node:fs'
import { join as pathOf } from 'node:path'
import { Failure } from '../failure.ts'
import { isAgreed, isAsking } from '../questions.ts'
import { table } from '../table.ts'
import { type Terminal, withProgress } from '../terminal.ts'
import { addHalf, halvesAt, textAt, writeSecret } from './files.ts'
import { nodeName, type Place } from './host.ts'
import { Door, Refused } from './https.ts'
import { chooseNode, LINK, type NodeHere } from './node.ts'
import type { SetupOptions } from './options.ts'
import { DEFAULT_PORTS } from './ports.ts'
import { runDaemon, setUpLease, startUnits } from './programs.ts'

export interface JoinOptions extends SetupOptions {
  readonly port: number
  readonly listen?: string | undefined
  readonly api?: string | undefined
}
/** Clocks that differ by more make events of the nodes hard to read side by side. */
const MOST_SKEW_MS = 5000

export async function join(terminal: Terminal, text: string, options: JoinOptions): Promise<Exit> {
  const { directories } = options
  const token = decodeToken(text)
  if (!token)
    throw new Failure(
      'usage',
      'this is no token: it was cut off, or it is of a newer lvsm',
      'lvsm token create prints it, on a node of the cluster',
    )
  if (textAt(pathOf(directories.state, 'node.json')) !== null)
    throw new Failure(
      'refused',
      'this machine is a node of a cluster already',
      `lvsm status says of which; to join another one, stop lvsm here and move ${directories.state} away`,
    )
  const door = await withProgress('asking the coordinators', openDoor(token))
  const { preview, node, asked } = await inspect(door, token, options, isAsking() && !options.yes)
  terminal.complain(clockText(preview))
  if (isAsking() && !options.yes) {
    terminal.complain(planText(preview, node, terminal))
    if (!(await isAgreed(`Join cluster ${preview.cluster}?`)))
      throw new Failure('refused', 'not confirmed', 'nothing was changed')
  }
  const keyPath = pathOf(directories.state, 'node.key')
  const privateKey = ownKey(keyPath)
  const { public: heartbeat } = halvesAt(directories.state).at(-1) ?? addHalf(directories.state, [])
  const report = await withProgress('joining', door.ask('join', { ...asked, key: publicKeyOf(privateKey), heartbeat }))
  settle(report, privateKey, options)
  rmSync(keyPath, { force: true })
  // Under a name that was there before, a vote may be lent that this machine knows nothing of: it starts as one that lost its state.
  if (node !== null) await setUpLease(directories.state, terminal)
  terminal.print(`${report.name} is a node of cluster ${report.cluster}, at revision ${report.revision}\n`)
  const units = await coordinate(preview, report, options, terminal)
  await startUnits(units, options.start, terminal)
  return 'ok'
}

/** The first that answers; each that does not is named where none does. */
async function openDoor({ to, pin }: TokenText): Promise<Door> {
  const reasons: string[] = []
  for (const address of to) {
    try {
      return await Door.open(address, pin)
    } catch (error) {
      if (error instanceof Failure && error.exit === 'refused') throw error
      reasons.push(`${address.host}:${address.port}: ${(error as Error).message}`)
    }
  }
  throw new Failure(
    'unreachable',
    `no coordinator answers (${reasons.join('; ')})`,
    'open their TCP port for people to this machine, and look whether lvsm-coordinator runs there; nothing was changed',
  )
}

interface Inspected {
  readonly preview: JoinPreview
  /** Null: the configuration has it. */
  readonly node: NodeHere | null
  readonly asked: {
    readonly token: object
    readonly name: string
    readonly node: object | null
    readonly model: number
  }
}
/** Nodes that the configuration has are taken as it has them; others are proposed. */
async function inspect(
  door: Door,
  { id, secret }: TokenText,
  options: JoinOptions,
  asking: boolean,
): Promise<Inspected> {
  const head = { token: { id, secret }, model: MODEL_VERSION }
  const first = { ...head, name: options.name ?? nodeName(), node: null }
  try {
    return { preview: await door.ask('joinPreview', first), node: null, asked: first }
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== 'unknown-node') throw error
  }
  const node = await chooseNode(options, { role: 'realserver', near: door.address.host, inNetwork: holds }, asking)
  const { port } = options
  const link = { name: LINK, address: node.address, ...(port === DEFAULT_PORTS.heartbeat ? {} : { port }) }
  const asked = { ...head, name: node.name, node: { roles: [node.role], links: [link] } }
  return { preview: await door.ask('joinPreview', asked), node, asked }
}

function holds({ address, prefix }: Place, other: string): boolean {
  const cidr = parseCidr(`${address}/${prefix}`)
  return cidr !== null && inNetwork(other, cidr)
}

function clockText({ clock }: JoinPreview): string {
  const skew = Date.now() - clock
  if (Math.abs(skew) <= MOST_SKEW_MS) return ''
  const how = `${Math.round(Math.abs(skew) / 1000)} s ${skew > 0 ? 'ahead of' : 'behind'}`
  return `warning: this machine's clock is ${how} the coordinators': nothing depends on it, but times of events will not fit together\n`
}

function planText(
  { cluster, node, present, coordinators }: JoinPreview,
  here: NodeHere | null,
  { paint }: Terminal,
): string {
  const at = coordinators.flatMap(({ addresses }) => addresses.slice(0, 1).map(({ host, port }) => `${host}:${port}`))
  const rows = [
    ['cluster', cluster],
    ['node', JSON.stringify(node)],
    ['configuration', present ? 'has it already' : 'gets it, as one revision'],
    ...(here?.interface ? [['interface', here.interface]] : []),
    ['coordinators', at.join(', ')],
  ]
  return `${table(['', 'this machine'], rows, paint)}\n`
}

/** The same at each try: whoever heard no answer asks again, and is no second machine. */
function ownKey(path: string): string {
  const present = textAt(path)
  if (present !== null) return present
  const { privateKey } = makeKeyPair()
  writeSecret(path, privateKey)
  return privateKey
}

/** Keys first: an identity without them would start an agent that nobody hears. */
function settle(
  { cluster, name, certificate, authority, coordinators, keys }: JoinReport,
  privateKey: string,
  { directories }: JoinOptions,
): void {
  for (const { id, file, digits } of keys) {
    const present = textAt(file)
    if (digits === null) {
      if (present !== null) continue
      throw new Failure(
        'refused',
        `no coordinator knows heartbeat key ${id}, and ${file} is not here`,
        'copy that file from another node, and join again with the same token',
      )
    }
    if (present !== null && present.trim() !== digits)
      throw new Failure(
        'refused',
        `${file} has another key than the cluster's key ${id}`,
        'move it away, and join again with the same token',
      )
    if (present === null) writeSecret(file, `${digits}\n`)
  }
  const identity: NodeIdentity = { cluster, node: name, certificate, privateKey, authority, coordinators }
  writeSecret(pathOf(directories.state, 'node.json'), encodeNodeIdentity(identity))
}

/** Directors, and whoever an operator named, are coordinators too. What has to run then. */
async function coordinate(
  { node }: JoinPreview,
  report: JoinReport,
  options: JoinOptions,
  terminal: Terminal,
): Promise<string[]> {
  const units = ['lvsm-lease', 'lvsm-agent']
  const address = coordinates(node)
  if (address === null) return units
  const { directories, listen = at(address, DEFAULT_PORTS.nodes), api = at(address, DEFAULT_PORTS.api) } = options
  const words = ['--join', '--identity', pathOf(directories.state, 'node.json'), '--listen', listen, '--api', api]
  const where = ['--state-dir', directories.coordinatorState, '--run-dir', directories.coordinatorRun]
  await withProgress('becoming a coordinator', runDaemon('lvsm-coordinator', [...words, ...where]))
  terminal.print(`${report.name} is one of the coordinators\n`)
  return ['lvsm-coordinator', ...units]
}
const at = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`

/** The first address of a node that is to be a coordinator. */
function coordinates(node: unknown): string | null {
  const { roles, coordinator, links } = node as { roles?: unknown; coordinator?: unknown; links?: unknown }
  if (!(Array.isArray(roles) && roles.includes('director')) && coordinator !== true) return null
  const [link] = Array.isArray(links) ? (links as { address?: unknown }[]) : []
  return typeof link?.address === 'string' ? link.address : null
}
