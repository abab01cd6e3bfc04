/** What each command does: one exchange, one rendering, one exit code. */
import type {
  Events,
  FenceReport,
  StandbyReport,
  StandbyRequest,
  Status,
  SwitchoverReport,
  SwitchoverRequest,
} from '@lvsm/model'
import { exchange, findAgent } from './agents.ts'
import { eventsText } from './events-text.ts'
import { type Exit, Failure } from './exits.ts'
import { fenceText } from './fence-text.ts'
import { type Format, render } from './output.ts'
import { statusText } from './status-text.ts'
import { type Terminal, withProgress } from './terminal.ts'
import { unhealthy } from './verdict.ts'
import { watch } from './watch.ts'

const MOVE_TIMEOUT_MS = 30_000
const QUERY_TIMEOUT_MS = 5000

export interface Session {
  readonly terminal: Terminal
  readonly socketPaths: readonly string[]
}

export interface StatusOptions {
  readonly output: Format
  readonly watch: boolean
  readonly check: boolean
}

export async function status(session: Session, options: StatusOptions): Promise<Exit> {
  const { terminal, socketPaths } = session
  const draw = (value: Status): string => render(value, options.output, (it) => statusText(it, terminal.paint))
  if (options.watch) {
    await watch(terminal, async () => {
      try {
        const { status } = await findAgent(socketPaths)
        return options.output === 'json' ? `${JSON.stringify(status)}\n` : `${draw(status)}\n`
      } catch (error) {
        return error instanceof Failure ? `${error.message}\n` : `${String(error)}\n`
      }
    })
    return 'ok'
  }
  const found = await findAgent(socketPaths)
  terminal.print(draw(found.status))
  return options.check && unhealthy(found.status).length > 0 ? 'unhealthy' : 'ok'
}

export async function switchover(
  session: Session,
  group: string,
  to: string | undefined,
  format: Format,
): Promise<Exit> {
  const body: SwitchoverRequest = to === undefined ? { group } : { group, to }
  const work = exchange(session.socketPaths, {
    method: 'POST',
    path: '/v1/switchover',
    body,
    timeoutMs: MOVE_TIMEOUT_MS,
  })
  const moved = (await withProgress(`waiting for group ${group} to move`, work)) as SwitchoverReport
  session.terminal.print(
    render(moved, format, (it) =>
      it.from === it.to
        ? `${it.group}: ${it.to} owns it already (lease ${it.number})\n`
        : `${it.group}: ${it.from} → ${it.to} in ${Math.round(it.tookMs)} ms (lease ${it.number})\n`,
    ),
  )
  return 'ok'
}

export async function standby(session: Session, on: boolean, node: string | undefined, format: Format): Promise<Exit> {
  const body: StandbyRequest = node === undefined ? { on } : { name: node, on }
  const work = exchange(session.socketPaths, { method: 'POST', path: '/v1/standby', body, timeoutMs: MOVE_TIMEOUT_MS })
  const stood = (await withProgress(`waiting for ${node ?? 'the node'}`, work)) as StandbyReport
  session.terminal.print(
    render(stood, format, (it) =>
      it.standby
        ? `${it.node} is on standby: it gives up its groups and takes none (end it with: lvsm standby off ${it.node})\n`
        : `${it.node} is off standby: it may own groups again\n`,
    ),
  )
  return 'ok'
}

/** The newest `count` events, oldest first. */
export async function events(session: Session, count: number, format: Format): Promise<Exit> {
  const answer = await exchange(session.socketPaths, { method: 'GET', path: '/v1/events', timeoutMs: QUERY_TIMEOUT_MS })
  const all = (answer as Partial<Events>).events
  if (!Array.isArray(all))
    throw new Failure('unreachable', 'the agent answered without events', 'is it another version? lvsm --version')
  const newest = (all as Events['events']).slice(-count)
  session.terminal.print(render({ events: newest }, format, (it) => eventsText(it.events, session.terminal.paint)))
  return 'ok'
}

/** What one node's kernel has in its fence now; also where the lease process is dead. */
export async function fenceStatus({ terminal, socketPaths }: Session, format: Format): Promise<Exit> {
  const answer = await exchange(socketPaths, { method: 'GET', path: '/v1/fence', timeoutMs: QUERY_TIMEOUT_MS })
  const report = answer as Partial<FenceReport>
  if (![report.tables, report.groups, report.faults, report.directs].every(Array.isArray))
    throw new Failure('unreachable', 'the agent answered without a fence', 'is it another version? lvsm --version')
  terminal.print(render(report as FenceReport, format, (it) => fenceText(it, terminal.paint)))
  return 'ok'
}
