/** `lvsm coordinators address`: the coordinator of this machine is elsewhere from now on. */
import { endpointText, parseEndpoint } from '@lvsm/base'
import { type CoordinatorHome, decodeHome, type Exit, MOST_ADDRESSES } from '@lvsm/protocol'
import { join } from 'node:path'
import { glance } from '../config/coordinators.ts'
import { confirmedUnless, type CoordinatorSession } from '../config/write.ts'
import { Failure } from '../failure.ts'
import { withProgress } from '../terminal.ts'
import { textAt } from './files.ts'
import type { Directories } from './options.ts'
import { DEFAULT_PORTS } from './ports.ts'
import { runDaemon, startUnits, stopUnits } from './programs.ts'
import { tryTcpHere } from './reach.ts'

type Endpoints = CoordinatorHome['listen']
type Where = Pick<CoordinatorHome, 'listen' | 'api'>

export interface AddressOptions {
  readonly api: readonly string[]
  /** Also where those that know it would lose it. */
  readonly force: boolean
  readonly yes: boolean
  /** Try to listen there before anything is changed. */
  readonly probe: boolean
  /** Stop it and start it, where a systemd runs. */
  readonly start: boolean
  readonly directories: Directories
}
const UNIT = 'lvsm-coordinator'
const GLANCE_MS = 2000

export async function moveCoordinator(
  session: CoordinatorSession,
  addresses: readonly string[],
  options: AddressOptions,
): Promise<Exit> {
  const { terminal } = session
  const { directories, force, probe, start, yes } = options
  const home = homeHere(directories.coordinatorState)
  const next = movedTo(home, addresses, options.api)
  if (textOf(next) === textOf(home)) {
    terminal.print(`nothing to do: ${home.node} is there already, ${textOf(home)}\n`)
    return 'ok'
  }
  const kept = [...home.listen, ...(home.api ?? [])]
  if (probe) await tryTcpHere([...next.listen, ...(next.api ?? [])].filter((one) => !has(kept, one)))
  if (!force) await refuseLost(session, home, next)
  await confirmedUnless(yes, terminal, `The coordinator of ${home.node} moves:\n  ${textOf(home)}\n  ${textOf(next)}\n`)
  await stopUnits([UNIT], start, terminal)
  await withProgress('moving', moved(next, directories)).catch(async (error: unknown) => {
    // As it was: nothing is changed then.
    await startUnits([UNIT], start, terminal)
    throw error
  })
  await startUnits([UNIT], start, terminal)
  terminal.print(
    `the coordinator of ${home.node} is elsewhere now: ${textOf(next)}\n  → it tells the others itself: lvsm coordinators, lvsm status\n`,
  )
  return 'ok'
}

const moved = ({ listen, api = [] }: Where, { coordinatorState, coordinatorRun }: Directories): Promise<void> =>
  runDaemon(UNIT, [
    ...['--move', ...words('--listen', listen), ...words('--api', api)],
    ...['--state-dir', coordinatorState, '--run-dir', coordinatorRun],
  ])
const words = (option: string, endpoints: Endpoints): string[] =>
  endpoints.flatMap(({ host, port }) => [option, endpointText(host, port)])

function homeHere(stateDir: string): CoordinatorHome {
  const path = join(stateDir, 'coordinator.json')
  const text = textAt(path)
  const home = text === null ? null : decodeHome(text)
  if (home) return home
  throw new Failure(
    'refused',
    text === null
      ? `no coordinator is on this machine: ${path} is not there`
      : `${path} is damaged, or of a newer lvsm; nothing was changed`,
    text === null
      ? 'lvsm coordinators says where they are: the address is given there'
      : 'put it back from a backup (lvsm backup), or install that version',
  )
}

/** Ports that nobody names stay, and so does where people reach it; that goes along where it was on an address that goes. */
export function movedTo({ listen, api = [] }: Where, addresses: readonly string[], people: readonly string[]): Where {
  const to = read('ADDRESS', addresses, listen[0]?.port ?? DEFAULT_PORTS.nodes)
  const named = read('--api', people, api[0]?.port ?? DEFAULT_PORTS.api)
  const goes = ({ host }: Endpoints[number]): boolean =>
    listen.some((one) => one.host === host) && !to.some((one) => one.host === host)
  const along = api.flatMap((one) => (goes(one) ? to.map(({ host }) => ({ host, port: one.port })) : [one]))
  const next = named.length > 0 ? named : along.filter((one, at) => !has(along.slice(0, at), one))
  return { listen: to, ...(next.length > 0 ? { api: next } : {}) }
}

function read(name: string, texts: readonly string[], usual: number): { host: string; port: number }[] {
  if (texts.length > MOST_ADDRESSES)
    throw new Failure('usage', `${name} is there ${texts.length} times`, `${MOST_ADDRESSES} are the most`)
  const all = texts.map((text) => {
    const endpoint = parseEndpoint(text, usual)
    if (endpoint) return endpoint
    throw new Failure(
      'usage',
      `${name} ${text} is no address of a machine`,
      `write ${endpointText('10.12.0.1', usual)}`,
    )
  })
  return all.filter((one, at) => !has(all.slice(0, at), one))
}

const has = (all: Endpoints, { host, port }: Endpoints[number]): boolean =>
  all.some((one) => one.host === host && one.port === port)

/** Others find it by what it says to them; of one that is alone nobody hears where it has gone. */
async function refuseLost({ own }: CoordinatorSession, { listen }: Where, next: Where): Promise<void> {
  if (listen.some((one) => has(next.listen, one))) return
  const report = await glance(own, GLANCE_MS)
  if (report !== null && report.members.length > 1) return
  const both = [...next.listen, ...listen].map(({ host, port }) => endpointText(host, port)).join(' ')
  throw new Failure(
    'refused',
    report === null
      ? 'no coordinator answers here, so that nobody knows whether there are others; nothing was changed'
      : 'it is the only coordinator: the agents would look for it where it was, and hear of no change any more; nothing was changed',
    `both for a minute, while this machine has both: lvsm coordinators address ${both}; then the new one alone. Where the old one is gone: --force`,
  )
}

const textOf = ({ listen, api = [] }: Where): string => `for nodes ${list(listen)}, for people ${list(api)}`
const list = (endpoints: Endpoints): string =>
  endpoints.map(({ host, port }) => endpointText(host, port)).join(', ') || 'nowhere'
