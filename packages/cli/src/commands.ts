/** What each command does: one exchange, one rendering, one exit code. */
import { setTimeout as pause } from 'node:timers/promises'
import {
  coordinatorFaults,
  type Exit,
  type HistoryEvent,
  isUnsaid,
  judge,
  shortFault,
  type Status,
} from '@lvsm/protocol'
import { glance } from './config/coordinators.ts'
import { exchange } from './agents.ts'
import { unknownText } from './established-text.ts'
import { clusterEvents, ownStatus, type Places, toldStatus } from './cluster.ts'
import { Failure } from './failure.ts'
import { fenceText } from './fence-text.ts'
import { momentsOf } from './moments.ts'
import { type Format, render } from './output.ts'
import type { Paint } from './paint.ts'
import { CHECKED, statusText } from './status-text.ts'
import { type Terminal, withProgress } from './terminal.ts'
import { watch } from './watch.ts'

const MOVE_TIMEOUT_MS = 30_000
/** The status is there in less than a second, whatever becomes of the coordinators. */
const GLANCE_MS = 400
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
    const kept = isLooked ? glance(session.coordinatorPaths, GLANCE_MS) : null
    const [told, report] = await Promise.all([toldStatus(session), kept])
    const seen = told.status ?? (await ownStatus(session))
    const isOwn = isLooked && told.status === null && session.coordinators.length > 0 && seen.coordinators === true
    const { answered } = told
    const isSilent = answered === null && report === null
    const events = options.output === 'table' && isUnsaid(seen) ? await eventsSoon(session) : []
    const faults = [...(isOwn && isSilent ? [SILENT] : []), ...(report ? coordinatorFaults(report) : [])]
    return { seen, faults, notes: isOwn && !isSilent ? [withoutStatus(answered)] : [], events }
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
interface Look {
  readonly seen: Status
  /** What is wrong with coordinators. */
  readonly faults: readonly string[]
  /** What is not wrong, and is to be known. */
  readonly notes: readonly string[]
  readonly events: readonly HistoryEvent[]
}

const ITSELF = 'what stands above is what the agent of this node knows by itself, and of other nodes little'
const SILENT = `none answered this node within half a second: ${ITSELF}: lvsm coordinators`
/** `answered`: of HTTP; null: it answered another question in time, and not this one. */
function withoutStatus(answered: number | null): string {
  if (answered === 200) return `one answered, and has heard of no agent yet, as after its start: ${ITSELF}`
  if (answered === 503) return `one answered, and knows no configuration yet, as after its start: ${ITSELF}`
  const why = answered === null ? 'in time' : `(HTTP ${answered})`
  return `one answered, and told no status ${why}: ${ITSELF}`
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
        ? `${it.group}: ${it.to} owns it already (lease ${it.number})\n`
        : `${it.group}: ${it.from} → ${it.to} in ${Math.round(it.tookMs)} ms (lease ${it.number})${unknownText(it.to, it.unknown)}\n`,
    ),
  )
  return 'ok'
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
  return 'ok'
}

/** What one node's kernel has in its fence now; also where the lease process is dead. */
export async function fenceStatus({ terminal, socketPaths }: Session, format: Format): Promise<Exit> {
  const report = await exchange(socketPaths, { route: 'fence', body: null, timeoutMs: QUERY_TIMEOUT_MS })
  terminal.print(render(report, format, (it) => fenceText(it, terminal.paint)))
  return 'ok'
}
