/** `lvsm stats` and `lvsm connections`: what the kernel of the asked agent's node counts. */
import type { ConnectionsQuery, Exit, StatsReport } from '@lvsm/protocol'
import { suggest } from '@lvsm/model'
import { exchange } from '../agents.ts'
import type { Session } from '../commands.ts'
import { Failure } from '../failure.ts'
import { type Format, render } from '../output.ts'
import { withProgress } from '../terminal.ts'
import { watch } from '../watch.ts'
import { connectionsText } from './connections-text.ts'
import { statsText, type StatsView } from './stats-text.ts'

/** Longer than the agent waits for its thread. */
const PATIENCE_MS = 45_000

export interface StatsOptions extends StatsView {
  readonly output: Format
  readonly watch: boolean
}

export async function stats(session: Session, options: StatsOptions): Promise<Exit> {
  const { terminal, socketPaths } = session
  const ask = (): Promise<StatsReport> => exchange(socketPaths, { route: 'stats', body: null, timeoutMs: PATIENCE_MS })
  const draw = (report: StatsReport): string =>
    render(report, options.output, (it) => statsText(it, options, terminal.paint))
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

/** A mistyped name is no empty table. */
function refuseUnknown({ groups, services, node }: StatsReport, names: readonly string[]): void {
  const servers = services.flatMap(({ realservers }) => realservers.map((one) => one.node))
  const known = [
    ...new Set([...groups, ...services].map(({ name }) => name).concat(servers.filter((one) => one !== null))),
  ]
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
