/** This machine, which is a node, becomes one of the coordinators: as it joins, or later (`lvsm coordinators join`). */
import { endpointText } from '@lvsm/base'
import { entriesOf } from '@lvsm/changes'
import { decodeNodeIdentity, type Exit } from '@lvsm/protocol'
import { join } from 'node:path'
import { ask } from '../config/ask.ts'
import { glance } from '../config/coordinators.ts'
import type { CoordinatorSession } from '../config/write.ts'
import { Failure } from '../failure.ts'
import { type Terminal, withProgress } from '../terminal.ts'
import { namesIn, setAside } from './aside.ts'
import { type Coming, comingOf } from './coming.ts'
import { textAt } from './files.ts'
import type { Directories } from './options.ts'
import { runDaemon, startUnits } from './programs.ts'

const UNIT = 'lvsm-coordinator'
const DATABASE = 'coordinator.db'
const GLANCE_MS = 1000

export interface CoordinateOptions {
  readonly listen?: string | undefined
  readonly api?: string | undefined
  /** What an earlier coordinator left here is moved away. */
  readonly anew: boolean
  readonly start: boolean
  readonly directories: Directories
}

export async function becomeCoordinator(session: CoordinatorSession, options: CoordinateOptions): Promise<Exit> {
  const { terminal } = session
  const { directories, start } = options
  const node = nodeHere(directories.state)
  const coordinator = await seatOf(session, node, options)
  await clear(session, options)
  const failed = await coordinate(coordinator, node, directories, terminal)
  if (failed) throw failed
  await startUnits([UNIT], start, terminal)
  return 'ok'
}

function nodeHere(stateDir: string): string {
  const path = join(stateDir, 'node.json')
  const identity = decodeNodeIdentity(textAt(path) ?? '')
  if (identity) return identity.node
  throw new Failure(
    'refused',
    `this machine is no node of a cluster with coordinators: ${path} is not there, or damaged`,
    'let it join first: lvsm token create, on a node of the cluster; then here lvsm join TOKEN',
  )
}

/** As the configuration has the node. */
async function seatOf({ paths }: CoordinatorSession, node: string, options: CoordinateOptions) {
  const { file } = await ask(paths, { route: 'document', query: { stale: true }, body: null })
  const [shown] = entriesOf(file, 'node', { node })
  const { coordinator } = comingOf(shown?.entry, options)
  if (coordinator) return coordinator
  throw new Failure(
    'refused',
    `by the configuration ${node} is to be no coordinator; nothing was changed`,
    `lvsm node set ${node} coordinator=true, and try again`,
  )
}

/** A database stays where it is unless somebody says that it is of no use any more. */
async function clear({ own, terminal }: CoordinatorSession, { anew, directories }: CoordinateOptions): Promise<void> {
  const names = namesIn(directories.coordinatorState)
  if (!names.includes(DATABASE)) return
  const path = join(directories.coordinatorState, DATABASE)
  if ((await glance(own, GLANCE_MS)) !== null)
    throw new Failure('refused', 'a coordinator runs on this machine', 'lvsm coordinators says who they are')
  if (!anew)
    throw new Failure(
      'refused',
      `a coordinator was here before: ${path} is there; nothing was changed`,
      `where it is one of them yet: systemctl start ${UNIT}; where it was removed: lvsm coordinators join --anew moves that away`,
    )
  terminal.print(`what was there is in ${setAside(directories.coordinatorState, names, new Date())}\n`)
}

/** Its database, and its place among the others. Null: it has both; else why not, and how it has them later. */
export async function coordinate(
  { listen, api }: NonNullable<Coming['coordinator']>,
  node: string,
  directories: Directories,
  terminal: Terminal,
): Promise<Failure | null> {
  const at = ({ host, port }: typeof listen): string => endpointText(host, port)
  const words = [
    ...['--join', '--identity', join(directories.state, 'node.json')],
    ...['--listen', at(listen), '--api', at(api)],
    ...['--state-dir', directories.coordinatorState, '--run-dir', directories.coordinatorRun],
  ]
  try {
    await withProgress('becoming a coordinator', runDaemon(UNIT, words))
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const again = `lvsm-coordinator ${words.join(' ')}; systemctl enable --now ${UNIT}`
    return new Failure(error.exit, error.message, `${error.hint}\n  → when that is mended, on this machine: ${again}`)
  }
  terminal.print(`${node} is one of the coordinators\n`)
  return null
}
