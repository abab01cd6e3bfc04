/** `lvsm leave`: this machine is in no cluster any more, or what a beginning that ended half-way left is out of the way. */
import { entriesOf } from '@lvsm/changes'
import { decodeNodeIdentity, type Exit } from '@lvsm/protocol'
import { join } from 'node:path'
import { tryAsk } from '../config/ask.ts'
import { confirmedUnless, type CoordinatorSession } from '../config/write.ts'
import { Failure } from '../failure.ts'
import { exchangeJson } from '../http.ts'
import { namesIn, setAside } from './aside.ts'
import { textAt } from './files.ts'
import type { Directories } from './options.ts'
import { stopUnits, takeBack } from './programs.ts'

export interface LeaveOptions {
  /** Whatever the cluster says, or does not. */
  readonly force: boolean
  readonly yes: boolean
  /** Stop the daemons, where a systemd runs. */
  readonly stop: boolean
  readonly directories: Directories
}
/** In this order: whoever leads hands over, then addresses are given up, then nobody is left to watch. */
const UNITS = ['lvsm-coordinator', 'lvsm-lease', 'lvsm-agent']
/** Of what is in /etc/lvsm: what `init` and `join` wrote. */
const OWN_OF_ETC: readonly string[] = ['heartbeat.key', 'heartbeat.key.new', 'first.yaml', 'first.yaml.new']
const PATIENCE_MS = 2000

interface Left {
  readonly directory: string
  readonly names: readonly string[]
}

export async function leave(session: CoordinatorSession, options: LeaveOptions): Promise<Exit> {
  const { terminal } = session
  const { directories, force, yes, stop } = options
  const left = leftIn(directories)
  if (left.length === 0) throw new Failure('refused', 'nothing of a cluster is on this machine', 'nothing was changed')
  const node = decodeNodeIdentity(textAt(join(directories.state, 'node.json')) ?? '')?.node ?? null
  if (node !== null && !force) await refuseMember(session, node)
  const list = left.map(({ directory, names }) => `  ${directory}: ${names.join(', ')}\n`).join('')
  await confirmedUnless(yes, terminal, `This machine leaves. It is moved away, and not removed:\n${list}`)
  await stopUnits(UNITS, stop, terminal)
  await refuseRunning(session)
  const isTakenBack = await takeBack(directories.state, terminal)
  // What ended wrote its last words.
  for (const { directory, names } of leftIn(directories))
    terminal.print(`what was in ${directory} is in ${setAside(directory, names, new Date())}\n`)
  const kernel = isTakenBack
    ? 'its kernel is as it was before (forwarding, where it was switched on, stays on)'
    : 'what stands in its kernel yet (IPVS, aliases, rules) is gone with the next boot'
  terminal.print(`this machine is in no cluster any more; ${kernel}\n  → lvsm init, or lvsm join TOKEN, begins anew\n`)
  return 'ok'
}

function leftIn({ state, coordinatorState, etc }: Directories): Left[] {
  const all = [state, coordinatorState].map((directory) => ({ directory, names: namesIn(directory) }))
  const keys = { directory: etc, names: namesIn(etc).filter((name) => OWN_OF_ETC.includes(name)) }
  return [...all, keys].filter(({ names }) => names.length > 0)
}

/** Whoever is in is taken out first, there, in the order in which nothing is lost. */
async function refuseMember(session: CoordinatorSession, node: string): Promise<void> {
  const steps = await stepsOf(session, node)
  if (steps === null)
    throw new Failure(
      'refused',
      `no coordinator says whether ${node} is in the cluster yet; nothing was changed`,
      `where it was taken out (on another node: lvsm node remove ${node}), or the cluster is no more: lvsm leave --force`,
    )
  if (steps.length === 0) return
  throw new Failure('refused', `${node} is in the cluster; nothing was changed`, steps.join('\n  → '))
}

/** What is to be done before; null: nobody knows. */
async function stepsOf({ paths }: CoordinatorSession, node: string): Promise<string[] | null> {
  const asked = [
    tryAsk(paths, { route: 'nodes', body: null }),
    tryAsk(paths, { route: 'coordinators', body: null }),
    tryAsk(paths, { route: 'document', query: { stale: true }, body: null }),
  ] as const
  const [nodes, coordinators, document] = await Promise.all(asked).catch(() => [])
  if (nodes?.kind !== 'ok' || coordinators?.kind !== 'ok' || document?.kind !== 'ok') return null
  if (!nodes.value.nodes.some(({ name }) => name === node)) return []
  if (nodes.value.nodes.length === 1) return ['it is the only node, and the cluster ends with it: lvsm leave --force']
  const [entry] = entriesOf(document.value.file, 'node', { node })
  return [
    ...(entry?.entry['voter'] === true ? [`lvsm node set ${node} voter=false`] : []),
    ...(coordinators.value.members.some(({ name }) => name === node) ? [`lvsm coordinators remove ${node}`] : []),
    `lvsm node remove ${node}`,
    'each on another node, one after the other; then here: lvsm leave --force',
  ]
}

/** What runs would go on with files that are elsewhere. */
async function refuseRunning({ paths }: CoordinatorSession): Promise<void> {
  for (const path of paths) {
    const wanted = { who: 'daemon', method: 'GET', path: '/', body: null, timeoutMs: PATIENCE_MS } as const
    const heard = await exchangeJson(path, wanted)
    if (heard.kind === 'answered')
      throw new Failure('refused', `somebody answers at ${path} yet`, `stop ${UNITS.join(', ')} here, and try again`)
  }
}
