/** `lvsm explain`: of each group, service and node that is called so, now or as it was recorded. */
import { spanText } from '@lvsm/base'
import { type Exit, NO_RECORD, type RecordedReport, type Status } from '@lvsm/protocol'
import { exchange } from '../agents.ts'
import { clusterEvents, clusterRecorded, clusterStatus } from '../cluster.ts'
import type { Session } from '../commands.ts'
import { ageOf } from '../events/text.ts'
import { Failure } from '../failure.ts'
import { type Format, render } from '../output.ts'
import { explain, subjectsOf } from './explain.ts'
import { agoOf } from './moment.ts'
import { type Kind, KINDS, type Known, type Past, type Subject } from './subject.ts'
import { explanationText } from './text.ts'

const RECORDED_TIMEOUT_MS = 10_000
const MOST_SPANS = 4

export interface Asked {
  readonly name: string
  readonly kind: Kind | null
  /** As it was typed; undefined: now. */
  readonly at: string | undefined
}

/** `dir1`, or `node dir1`. */
export function askedOf(words: readonly string[], option?: Kind): Pick<Asked, 'name' | 'kind'> {
  const [first = '', second] = words
  if (second === undefined) return { name: first, kind: option ?? null }
  const kind = KINDS.find((one) => one === first)
  if (kind === undefined || words.length > 2 || (option !== undefined && option !== kind))
    throw new Failure(
      'usage',
      `${words.join(' ')} is not one name`,
      'for example: lvsm explain dir1, or lvsm explain node dir1',
    )
  return { name: second, kind }
}

export async function explainWhat(session: Session, asked: Asked, format: Format): Promise<Exit> {
  if (asked.at !== undefined) return explainPast(session, { ...asked, at: asked.at }, format)
  const [status, { events }] = await Promise.all([clusterStatus(session), clusterEvents(session)])
  const all = subjectsIn(status, asked, '').map((subject) => explain({ status, events }, subject))
  const { terminal } = session
  terminal.print(
    render(all, format, (them) => them.map((one) => explanationText(one, terminal.paint, Date.now())).join('\n')),
  )
  return 'ok'
}

async function explainPast(session: Session, asked: Asked & { readonly at: string }, format: Format): Promise<Exit> {
  const askedMs = Date.now()
  const ago = agoOf('--at', asked.at, askedMs)
  const query = `?${new URLSearchParams({ ago: String(ago) }).toString()}`
  const { terminal, socketPaths } = session
  const [own, whole, told] = await Promise.all([
    // A coordinator may know all where no agent is there to be asked.
    exchange(socketPaths, { route: 'recorded', body: null, query, timeoutMs: RECORDED_TIMEOUT_MS }).catch(failure),
    clusterRecorded(session, ago),
    clusterEvents(session),
  ])
  const { report, by, past } = recordedOf(own, whole)
  const { found, at, agoMs } = report
  if (!found) throw unrecorded(report)
  const { status } = found
  const nowMs = Date.now()
  const events = told.events.filter((event) => ageOf(event, nowMs) >= agoMs + (nowMs - askedMs))
  const known: Known = { status, events, past }
  const all = subjectsIn(status, asked, ' then').map((subject) => ({ ...explain(known, subject), at, by }))
  const head = `As ${by} recorded it at ${at} (${spanText(agoMs)} ago)${report.clockSet ? `; ${CLOCK_SET}` : ''}:\n`
  const text = () => all.map((one) => explanationText(one, terminal.paint, Date.parse(at), 'before')).join('\n')
  terminal.print(render(all, format, () => head + text()))
  return 'ok'
}
interface Recorded {
  readonly report: RecordedReport
  readonly by: string
  readonly past: Past
}
/** The cluster as a coordinator knew it, where one did; beside it what this node's agent itself heard and did. */
function recordedOf(own: RecordedReport | Failure, whole: RecordedReport | null): Recorded {
  if (whole) {
    const beside = own instanceof Failure || !own.found ? { own: NO_RECORD, happened: [] } : own.found
    const node = own instanceof Failure ? whole.node : own.node
    return { report: whole, by: `the coordinator on ${whole.node}`, past: { node, ...beside } }
  }
  if (own instanceof Failure) throw own
  return { report: own, by: own.node, past: { node: own.node, ...(own.found ?? { own: NO_RECORD, happened: [] }) } }
}
function failure(error: unknown): Failure {
  if (error instanceof Failure) return error
  throw error
}

const CLOCK_SET = "the node's clock was set since, and this is by the clock of now"

function subjectsIn(status: Status, { name, kind }: Asked, then: string): readonly Subject[] {
  const subjects = subjectsOf(status, name, kind)
  if (subjects.length > 0) return subjects
  const servers = status.services.flatMap(({ realservers }) => realservers.map(({ node }) => node))
  const names = [...[...status.groups, ...status.services, ...status.nodes].map((one) => one.name), ...servers]
  throw new Failure(
    'refused',
    `there is no ${kind ?? 'group, service, node or realserver'} ${name} in revision ${status.revision}${then === '' ? '' : `, which was in use${then}`}`,
    `there are: ${[...new Set(names)].join(', ')}`,
  )
}

/** What is recorded is said with it. */
function unrecorded({ node, at, agoMs, spans }: RecordedReport): Failure {
  const newest = spans.slice(-MOST_SPANS)
  const texts = newest.map(({ from, to, where }) => `${from} to ${to}${where === 'file' ? ' (kept at a move)' : ''}`)
  const older = spans.length > newest.length ? `, and ${spans.length - newest.length} earlier ones` : ''
  return new Failure(
    'refused',
    `${at} (${spanText(agoMs)} ago) is not recorded on ${node}: ${texts.length === 0 ? 'nothing is' : `recorded is ${texts.join(', ')}${older}`}`,
    'ask for a time in there, or another node (the last minutes are in its memory, and those around its moves on its disk); what happened before: lvsm events -n 500',
  )
}
