/** `lvsm join TOKEN`: this machine becomes a node of a cluster that is there. */
import { COMMAND_MODEL } from '@lvsm/changes'
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
import { type Terminal, withProgress } from '../terminal.ts'
import { coordinate } from './coordinate.ts'
import { addHalf, halvesAt, textAt, writeSecret } from './files.ts'
import { nodeName, type Place } from './host.ts'
import { type Coming, comingOf, comingText, contradictions, unitsOf } from './coming.ts'
import { Doors } from './https.ts'
import { chooseNode, LINK, type NodeHere } from './node.ts'
import type { SetupOptions } from './options.ts'
import { DEFAULT_PORTS } from './ports.ts'
import { tryPorts } from './reach.ts'
import { NotJoined } from './refusals.ts'
import { setUpLease, startUnits } from './programs.ts'

export interface JoinOptions extends SetupOptions {
  readonly port: number
  /** Try the ports before anything is changed. */
  readonly probe: boolean
  readonly listen?: string | undefined
  readonly api?: string | undefined
}
/** Clocks that differ by more make events of the nodes hard to read side by side. */
const MOST_SKEW_MS = 5000

export async function join(terminal: Terminal, text: string, options: JoinOptions): Promise<Exit> {
  const { directories } = options
  const token = decodeToken(text)
  if (!token) throw new NotJoined('no-token', 'it was cut off, or it is of a newer lvsm')
  const path = pathOf(directories.state, 'node.json')
  if (textAt(path) !== null) throw new NotJoined('already-a-node', path)
  const door = await withProgress('asking the coordinators', Doors.open(token))
  const { preview, node, asked, skewMs } = await inspect(door, token, options, isAsking() && !options.yes)
  const had = presentOf(preview)
  terminal.complain(clockText(skewMs))
  if (node !== null && options.role === undefined && (options.yes || !isAsking()))
    terminal.complain(`${node.name} joins as a ${node.role}: neither --role nor the configuration says otherwise\n`)
  const coming = comingOf(preview.node, options)
  const { start } = options
  terminal.complain(comingText(preview, coming, { interface: node?.interface ?? null, directories, start }, terminal))
  if (options.probe) await probe(door, { preview, coming, asked }, terminal)
  if (isAsking() && !options.yes && !(await isAgreed(`Join cluster ${preview.cluster}?`)))
    throw new Failure('refused', 'not confirmed', 'nothing was changed')
  const keyPath = pathOf(directories.state, 'node.key')
  const privateKey = ownKey(keyPath)
  const { public: heartbeat } = halvesAt(directories.state).at(-1) ?? addHalf(directories.state, [])
  const report = await withProgress(
    'joining',
    door.ask('join', { ...asked, ...had, key: publicKeyOf(privateKey), heartbeat }),
  )
  settle(report, privateKey, options)
  rmSync(keyPath, { force: true })
  // Under a name that was there before, a vote may be lent that this machine knows nothing of: it starts as one that lost its state.
  if (node !== null) await setUpLease(directories.state, terminal)
  terminal.print(`${report.name} is a node of cluster ${report.cluster}, at revision ${report.revision}\n`)
  const failed = coming.coordinator ? await coordinate(coming.coordinator, report.name, directories, terminal) : null
  // It is a node whatever becomes of that, and serves.
  await startUnits(unitsOf(failed ? { ...coming, coordinator: null } : coming), start, terminal)
  if (failed) throw failed
  return 'ok'
}

/** TCP and UDP, both ways. */
async function probe(
  door: Doors,
  { preview, coming, asked: { token, name } }: { preview: JoinPreview; coming: Coming } & Pick<Inspected, 'asked'>,
  terminal: Terminal,
): Promise<void> {
  const { heartbeat: udp, coordinator } = coming
  if (!udp) return
  const tcp = coordinator ? [coordinator.listen, coordinator.api] : []
  const coordinators = preview.coordinators.map(({ addresses }) => addresses)
  const work = tryPorts({ udp, tcp, coordinators }, (word) => door.ask('joinReach', { token, name, udp, tcp, word }))
  const { closed, doubts } = await withProgress('trying the ports both ways', work)
  for (const doubt of doubts) terminal.complain(`warning: ${doubt}\n`)
  if (closed.length > 0) throw new NotJoined('port-closed', closed.join('; '))
}

interface Inspected {
  readonly preview: JoinPreview
  /** Of this machine's clock, ahead of the coordinator's, at least; negative: behind. */
  readonly skewMs: number
  /** Null: the configuration has it. */
  readonly node: NodeHere | null
  readonly asked: {
    readonly token: { readonly id: string; readonly secret: string }
    readonly name: string
    readonly node: object | null
    readonly model: number
  }
}
/** Nodes that the configuration has are taken as it has them; others are proposed. */
async function inspect(
  door: Doors,
  { id, secret }: TokenText,
  options: JoinOptions,
  asking: boolean,
): Promise<Inspected> {
  const head = { token: { id, secret }, model: COMMAND_MODEL }
  const first = { ...head, name: options.name ?? nodeName(), node: null }
  try {
    const known = await timed(() => door.ask('joinPreview', first))
    const [fault] = contradictions(known.preview.node, options)
    if (fault !== undefined) throw new NotJoined('node-otherwise', `${first.name}: ${fault}`)
    return { ...known, node: null, asked: first }
  } catch (error) {
    if (!(error instanceof NotJoined) || error.code !== 'unknown-node') throw error
  }
  const node = await chooseNode(options, { role: 'realserver', near: door.address.host, inNetwork: holds }, asking)
  const { port } = options
  const link = { name: LINK, address: node.address, ...(port === DEFAULT_PORTS.heartbeat ? {} : { port }) }
  const asked = { ...head, name: node.name, node: { roles: [node.role], links: [link] } }
  return { ...(await timed(() => door.ask('joinPreview', asked))), node, asked }
}

/** Before the token is used up: without the key nobody would hear this machine. Which of those that the coordinator lacks are here. */
function presentOf({ missing = [] }: JoinPreview): { readonly has?: readonly number[] } {
  const absent = missing.filter(({ file }) => textAt(file) === null)
  const lines = absent.map(({ id, file }) => `key ${id}, ${file}`)
  if (lines.length > 0) throw new NotJoined('no-heartbeat-key', lines.join('; '))
  return missing.length > 0 ? { has: missing.map(({ id }) => id) } : {}
}

/** The coordinator looked at its clock at some moment in between: only what is certain of the difference counts. */
async function timed(ask: () => Promise<JoinPreview>): Promise<Pick<Inspected, 'preview' | 'skewMs'>> {
  const before = Date.now()
  const preview = await ask()
  const [least, most] = [before - preview.clock, Date.now() - preview.clock]
  return { preview, skewMs: least > 0 ? least : Math.min(most, 0) }
}

function holds({ address, prefix }: Place, other: string): boolean {
  const cidr = parseCidr(`${address}/${prefix}`)
  return cidr !== null && inNetwork(other, cidr)
}

function clockText(skew: number): string {
  if (Math.abs(skew) <= MOST_SKEW_MS) return ''
  const how = `${Math.round(Math.abs(skew) / 1000)} s ${skew > 0 ? 'ahead of' : 'behind'}`
  return `warning: this machine's clock is ${how} the coordinators': nothing depends on it, but times of events will not fit together\n`
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
