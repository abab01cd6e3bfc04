/** `lvsm stats` and `lvsm connections`: what the kernel of the asked agent's node counts, and beside it the rates of all nodes. */
import type { ConnectionsQuery, Exit } from '@lvsm/protocol'
import { suggest } from '@lvsm/model'
import { exchange } from '../agents.ts'
import type { Session } from '../commands.ts'
import { Failure } from '../failure.ts'
import { type Format, render } from '../output.ts'
import { withProgress } from '../terminal.ts'
import { watch } from '../watch.ts'
import { connectionsText } from './connections-text.ts'
import { askAll, type Everywhere, PATIENCE_MS } from './everywhere.ts'
import { historyText } from './history-text.ts'
import { othersText } from './others-text.ts'
import { statsText, type StatsView } from './stats-text.ts'

const HISTORY_MS = 5000

export interface StatsOptions extends StatsView {
  readonly output: Format
  readonly watch: boolean
}

export async function stats(session: Session, options: StatsOptions): Promise<Exit> {
  const { terminal } = session
  const ask = (): Promise<Everywhere> => askAll(session)
  const draw = (report: Everywhere): string =>
    render(
      report,
      options.output,
      (it) => statsText(it, options, terminal.paint) + othersText(it, options, terminal.paint),
    )
  const first = await ask()
  refuseUnknown(first, options.names)
  if (!options.watch) {
    terminal.print(draw(first))
    return 'ok'
  }
  await watch(terminal, async () => {
    try {
      const report = await ask()
      if (options.output === 'json') return `${JSON.stringify(report)}\n`
      return options.output === 'yaml' ? `---\n${draw(report)}` : `${draw(report)}\n`
    } catch (error) {
      return error instanceof Failure ? `${error.message}\n` : `${String(error)}\n`
    }
  })
  return 'ok'
}

export interface HistoryOptions {
  readonly output: Format
  readonly names: readonly string[]
}

/** Of the last hours, by the asked agent: of the node and its busiest services, or of one. */
export async function statsHistory(session: Session, { output, names }: HistoryOptions): Promise<Exit> {
  const { terminal, socketPaths } = session
  const [service, ...more] = names
  if (more.length > 0)
    throw new Failure('usage', '--history takes one service', `once for each: lvsm stats --history ${more[0]}`)
  const query = service === undefined ? '' : `?${new URLSearchParams({ service }).toString()}`
  const report = await exchange(socketPaths, { route: 'rates', body: null, query, timeoutMs: HISTORY_MS })
  if (service !== undefined && report.services.length === 0 && output === 'table') await mustExist(session, service)
  const isScreen = terminal.out.isTTY === true
  terminal.print(
    render(report, output, (it) =>
      historyText(it, { service, columns: isScreen ? terminal.out.columns : null }, terminal.paint),
    ),
  )
  return 'ok'
}
/** A service without a history may have had no traffic; one that is not there has none to have. */
async function mustExist({ socketPaths }: Session, service: string): Promise<void> {
  const { node, services } = await exchange(socketPaths, { route: 'stats', body: null, timeoutMs: PATIENCE_MS })
  const known = services.map(({ name }) => name)
  if (!known.includes(service))
    throw new Failure(
      'refused',
      `${node} directs no service ${service}`,
      suggest(service, known, 'services of this node'),
    )
}

/** A mistyped name is no empty table. */
function refuseUnknown({ groups, services, node, others }: Everywhere, names: readonly string[]): void {
  const servers = services.flatMap(({ realservers }) => realservers.map((one) => one.node))
  const named = [...groups, ...services, ...(others?.nodes ?? []), ...(others?.services ?? [])]
  const known = [...new Set(named.map(({ name }) => name).concat(servers.filter((one) => one !== null)))]
  const wrong = names.find((name) => !known.includes(name))
  if (wrong === undefined) return
  const message = `${node} has no group, service or realserver ${wrong}`
  throw new Failure('refused', message, suggest(wrong, known, 'names'))
}

export interface ConnectionsOptions {
  readonly output: Format
  readonly number: number
  readonly service?: string
  readonly server?: string
  readonly client?: string
  readonly state?: string
}

export async function connections(session: Session, options: ConnectionsOptions): Promise<Exit> {
  const { output, number, service, server, client, state } = options
  const wanted: Record<keyof ConnectionsQuery, string | undefined> = {
    most: String(number),
    ...{ service, server, client, state },
  }
  const said = Object.entries(wanted).flatMap(([key, text]) =>
    text === undefined ? [] : [[key, text] as [string, string]],
  )
  const query = `?${new URLSearchParams(said).toString()}`
  const work = exchange(session.socketPaths, { route: 'connections', body: null, query, timeoutMs: PATIENCE_MS })
  const report = await withProgress('reading the connections', work)
  session.terminal.print(render(report, output, (it) => connectionsText(it, session.terminal.paint)))
  return 'ok'
}
