/** What each command does: one exchange, one rendering, one exit code. */
import { setTimeout as pause } from 'node:timers/promises'
import { type Exit, type HistoryEvent, isUnsaid, judge, shortFault } from '@lvsm/protocol'
import { exchange } from './agents.ts'
import { unknownText } from './established-text.ts'
import { clusterEvents, type Places } from './cluster.ts'
import { Failure } from './failure.ts'
import { fenceText } from './fence-text.ts'
import { type Looked, lookAround } from './look.ts'
import { momentsOf } from './moments.ts'
import { type Format, render } from './output.ts'
import type { Paint } from './paint.ts'
import { CHECKED, statusText } from './status-text.ts'
import { type Terminal, withProgress } from './terminal.ts'
import { watch } from './watch.ts'

const MOVE_TIMEOUT_MS = 30_000
const QUERY_TIMEOUT_MS = 5000

export interface Session extends Places {
  readonly terminal: Terminal
  /** Empty: coordinators are not looked at. */
  readonly coordinatorPaths: readonly string[]
}

export interface StatusOptions {
  readonly output: Format
  readonly watch: boolean
  readonly check: boolean
}

export async function status(session: Session, options: StatusOptions): Promise<Exit> {
  const { terminal } = session
  const draw = ({ seen, faults, notes, events }: Look): string =>
    render(
      momentsOf(seen, Date.now()),
      options.output,
      () =>
        statusText(seen, terminal.paint, faults.map(shortFault), events) +
        coordinatorSection(faults, notes, terminal.paint),
    )
  const isLooked = options.output === 'table' || options.check
  const look = async (): Promise<Look> => {
    const looked = await lookAround(session, isLooked)
    const events = options.output === 'table' && isUnsaid(looked.seen) ? await eventsSoon(session) : []
    return { ...looked, events }
  }
  if (options.watch) {
    await watch(terminal, async () => {
      try {
        const found = await look()
        if (options.output === 'json') return `${JSON.stringify(momentsOf(found.seen, Date.now()))}\n`
        return options.output === 'yaml' ? `---\n${draw(found)}` : `${draw(found)}\n`
      } catch (error) {
        return error instanceof Failure ? `${error.message}\n` : `${String(error)}\n`
      }
    })
    return 'ok'
  }
  const found = await look()
  terminal.print(draw(found))
  return options.check ? CHECKED[judge(found.seen, found.faults.map(shortFault)).health] : 'ok'
}
interface Look extends Looked {
  readonly events: readonly HistoryEvent[]
}

/** A status waits no longer for what says since when. */
const EVENTS_MS = 400
export function eventsSoon(session: Session): Promise<readonly HistoryEvent[]> {
  const late = new AbortController()
  return Promise.race([
    clusterEvents(session, undefined, late.signal)
      .then(({ events }) => events)
      .catch(() => []),
    pause(EVENTS_MS, [], { ref: false }),
    // What is still asked then keeps the command from its end.
  ]).finally(() => late.abort())
}

/** Only where something is wrong with them, or to be known of them. */
function coordinatorSection(faults: readonly string[], notes: readonly string[], paint: Paint): string {
  const lines = [...faults.map((one) => paint('bad', one)), ...notes]
  return lines.length === 0 ? '' : `\n${paint('strong', 'COORDINATORS')}\n${lines.map((one) => `  ${one}\n`).join('')}`
}

export async function switchover(
  session: Session,
  group: string,
  to: string | undefined,
  format: Format,
): Promise<Exit> {
  const body = to === undefined ? { group } : { group, to }
  const work = exchange(session.socketPaths, { route: 'switchover', body, timeoutMs: MOVE_TIMEOUT_MS })
  const moved = await withProgress(`waiting for group ${group} to move`, work)
  session.terminal.print(
    render(moved, format, (it) =>
      it.from === it.to
        ? `${it.group}: ${it.to} owns it already (lease ${it.number}): nothing to do\n`
        : `${it.group}: ${it.from} → ${it.to} in ${Math.round(it.tookMs)} ms (lease ${it.number})${unknownText(it.to, it.unknown)}\n`,
    ),
  )
  return moved.from === moved.to ? 'already' : 'ok'
}

export async function standby(session: Session, on: boolean, node: string | undefined, format: Format): Promise<Exit> {
  const body = node === undefined ? { on } : { name: node, on }
  const work = exchange(session.socketPaths, { route: 'standby', body, timeoutMs: MOVE_TIMEOUT_MS })
  const stood = await withProgress(`waiting for ${node ?? 'the node'}`, work)
  session.terminal.print(
    render(stood, format, (it) =>
      it.already === true
        ? `${it.node} is ${it.standby ? '' : 'not '}under maintenance already: nothing to do\n`
        : it.standby
          ? `${it.node} is under maintenance: it gives up its groups and takes none (end it with: lvsm standby off ${it.node})\n`
          : `${it.node} is no longer under maintenance: it may own groups again\n`,
    ),
  )
  return stood.already === true ? 'already' : 'ok'
}

/** What one node's kernel has in its fence now; also where the lease process is dead. */
export async function fenceStatus({ terminal, socketPaths }: Session, format: Format): Promise<Exit> {
  const report = await exchange(socketPaths, { route: 'fence', body: null, timeoutMs: QUERY_TIMEOUT_MS })
  terminal.print(render(report, format, (it) => fenceText(it, terminal.paint)))
  return 'ok'
}
