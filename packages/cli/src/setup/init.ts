/** `lvsm init`: a cluster begins on this machine. */
import { parseDocument } from '@lvsm/changes'
import { refuseName } from '@lvsm/model'
import { endpointText, parseEndpoint } from '@lvsm/base'
import { type Exit } from '@lvsm/protocol'
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../failure.ts'
import { type PasswordOptions, readPassword } from '../password.ts'
import { answerTo, isAgreed, isAsking } from '../questions.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { textAt, writeSecret } from './files.ts'
import { chooseNode, LINK, type NodeHere } from './node.ts'
import type { SetupOptions } from './options.ts'
import { DEFAULT_PORTS } from './ports.ts'
import { tryHere } from './reach.ts'
import { runDaemon, setUpLease, startUnits } from './programs.ts'

/** The first user. */
export const ADMIN = 'admin'

export interface InitOptions extends SetupOptions, PasswordOptions {
  readonly cluster?: string | undefined
  readonly port: number
  /** Try address and ports before anything is written. */
  readonly probe: boolean
  readonly auth: string
  readonly api?: string | undefined
  readonly listen?: string | undefined
}
const UNITS = ['lvsm-coordinator', 'lvsm-lease', 'lvsm-agent']

export async function init(terminal: Terminal, options: InitOptions): Promise<Exit> {
  const { directories, yes } = options
  if (textAt(join(directories.state, 'node.json')) !== null)
    throw new Failure(
      'refused',
      'this machine is a node of a cluster already',
      'lvsm status says of which; where that one is no more, or never began, lvsm leave --force moves what is left of it away; nothing was changed',
    )
  const asking = isAsking() && !yes
  const proposals = { role: 'director', near: null, inNetwork: () => false } as const
  const cluster = await clusterName(options.cluster, asking)
  const node = await chooseNode(options, proposals, asking)
  const plan = planOf(cluster, node, { ...options, api: await apiEndpoint(options.api, node.address, asking) })
  refuseFaults(plan.document)
  if (options.probe) await tryHere(plan.here)
  const password = await readPassword(`${ADMIN}, who may change everything`, options)
  if (asking) {
    terminal.complain(planText(plan, terminal))
    if (!(await isAgreed('Begin the cluster?'))) throw new Failure('refused', 'not confirmed', 'nothing was changed')
  }
  await begin(plan, password, options)
  await setUpLease(directories.state, terminal)
  terminal.print(`cluster ${cluster} begins here, on ${node.name}\n`)
  await startUnits(UNITS, options.start, terminal)
  terminal.print(`people: https://${plan.api}, as ${ADMIN}\n`)
  terminal.print('next: lvsm token create, for each machine that is to join\n')
  return 'ok'
}

async function clusterName(given: string | undefined, asking: boolean): Promise<string> {
  const refuse = (text: string): string | null => refuseName(text)?.message ?? null
  if (asking && given === undefined) return answerTo('Name of the cluster', 'lvsm', refuse)
  const name = given ?? 'lvsm'
  const fault = refuseName(name)
  if (fault) throw new Failure('usage', `--cluster ${name}: ${fault.message}`, fault.hint)
  return name
}

/** Where people and machines that join reach the coordinator. */
async function apiEndpoint(given: string | undefined, address: string, asking: boolean): Promise<string> {
  const proposal = endpointText(address, DEFAULT_PORTS.api)
  const refuse = (text: string): string | null =>
    parseEndpoint(text, DEFAULT_PORTS.api) ? null : `an address is needed: ${address}, or ${proposal}`
  const text =
    asking && given === undefined
      ? await answerTo('Address and port for people and machines that join', proposal, refuse)
      : (given ?? proposal)
  const endpoint = endpointOf('--api', text, DEFAULT_PORTS.api, address)
  return endpointText(endpoint.host, endpoint.port)
}

/** `example`: an address that would do. */
function endpointOf(option: string, text: string, usual: number, example = '10.12.0.11') {
  const endpoint = parseEndpoint(text, usual)
  if (endpoint) return endpoint
  const hint = `write ${example}, or ${endpointText(example, usual)}`
  throw new Failure('usage', `${option} ${text} is no address of a machine`, hint)
}

interface Plan {
  readonly node: NodeHere
  readonly cluster: string
  readonly keyFile: string
  readonly document: string
  readonly listen: string
  readonly api: string
  readonly heartbeat: string
  readonly here: Parameters<typeof tryHere>[0]
}
function planOf(
  cluster: string,
  node: NodeHere,
  { directories, port, auth, listen, api }: InitOptions & { readonly api: string },
): Plan {
  const keyFile = join(directories.etc, 'heartbeat.key')
  const link = { name: LINK, address: node.address, ...(port === DEFAULT_PORTS.heartbeat ? {} : { port }) }
  const file = {
    cluster,
    revision: 1,
    keys: [{ id: 1, algorithm: auth, file: keyFile }],
    'sign-with': 1,
    nodes: [{ name: node.name, roles: [node.role], voter: true, links: [link] }],
    groups: [],
  }
  const forNodes = endpointOf(
    '--listen',
    listen ?? endpointText(node.address, DEFAULT_PORTS.nodes),
    DEFAULT_PORTS.nodes,
  )
  return {
    node,
    cluster,
    keyFile,
    // Plain data is YAML too.
    document: `${JSON.stringify(file, null, 2)}\n`,
    listen: endpointText(forNodes.host, forNodes.port),
    api,
    heartbeat: `UDP port ${port}, ${auth}`,
    here: { udp: { host: node.address, port }, tcp: [forNodes, endpointOf('--api', api, DEFAULT_PORTS.api)] },
  }
}

function refuseFaults(document: string): void {
  const [fault] = parseDocument(document).refusals ?? []
  if (fault)
    throw new Failure(
      'usage',
      `${fault.field ?? ''}: ${fault.message}`.replace(/^: /, ''),
      fault.hint ?? 'lvsm init --help',
    )
}

const planText = ({ cluster, node, keyFile, listen, api, heartbeat }: Plan, { paint }: Terminal): string =>
  `${table(
    ['', 'this machine'],
    [
      ['cluster', cluster],
      ['node', `${node.name}, ${node.role}, voter`],
      ['heartbeats', `${node.address}${node.interface === null ? '' : ` (${node.interface})`}, ${heartbeat}`],
      ['heartbeat key', textAt(keyFile) === null ? `${keyFile}, to be made` : `${keyFile}, which is there`],
      ['coordinator, for nodes', listen],
      ['coordinator, for people', api],
      ['first user', `${ADMIN}, an administrator`],
    ],
    paint,
  )}\n`

async function begin(
  { node, keyFile, document, listen, api }: Plan,
  password: string,
  { directories }: InitOptions,
): Promise<void> {
  const isNew = textAt(keyFile) === null
  if (isNew) writeSecret(keyFile, `${randomBytes(32).toString('hex')}\n`)
  const file = join(directories.etc, 'first.yaml')
  writeSecret(file, document)
  try {
    const words = [
      ...['--found', file, '--node', node.name, '--listen', listen, '--api', api, '--admin', ADMIN],
      ...['--identity', join(directories.state, 'node.json')],
      ...['--state-dir', directories.coordinatorState, '--run-dir', directories.coordinatorRun],
    ]
    // Not as one of the words: every user of the machine sees those.
    await runDaemon('lvsm-coordinator', words, `${password}\n`)
  } catch (error) {
    if (isNew) rmSync(keyFile, { force: true })
    throw error
  } finally {
    rmSync(file, { force: true })
  }
}
