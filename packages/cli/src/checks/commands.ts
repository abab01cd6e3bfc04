/** `lvsm check list`, `show`, `run`: what agents know of their checks, beside what the document says of them. */
import type { CheckReport, ChecksReport, Exit } from '@lvsm/protocol'
import { exchange } from '../agents.ts'
import type { Session } from '../commands.ts'
import { shown } from '../config/noun-commands.ts'
import type { ReadOptions } from '../config/commands.ts'
import type { CoordinatorSession } from '../config/write.ts'
import { asQuestion, Failure } from '../failure.ts'
import { type Format, render } from '../output.ts'
import { withProgress } from '../terminal.ts'
import { checksText, checkText, differingText, nameOf, trialsText } from './text.ts'

const QUERY_TIMEOUT_MS = 5000
/** A check has its own time; the agent answers within twenty seconds whatever becomes of it. */
const RUN_TIMEOUT_MS = 30_000

const live = ({ socketPaths }: Session): Promise<ChecksReport> =>
  exchange(socketPaths, { route: 'checks', body: null, timeoutMs: QUERY_TIMEOUT_MS })

const answersTo = (one: CheckReport, name: string): boolean => [one.service, one.server, nameOf(one)].includes(name)
const find = ({ checks }: ChecksReport, name: string): CheckReport[] => checks.filter((one) => answersTo(one, name))

export async function listChecks(session: Session, name: string | undefined, format: Format): Promise<Exit> {
  const report = await live(session)
  // As other nouns say where something stands.
  const wanted = name?.replace(/^service=/, '')
  const checks = wanted === undefined ? report.checks : find(report, wanted)
  const differing = differingOf(report, wanted)
  const elsewhere = report.checks.length > 0 ? '' : await whoMakesThem(session, report.node, name)
  if (wanted !== undefined && checks.length === 0 && !differing.differing?.length)
    throw noCheck(report, wanted, elsewhere)
  session.terminal.print(
    render({ ...report, checks, ...differing }, format, (it) => checksText(it, session.terminal.paint, elsewhere)),
  )
  return 'ok'
}

/** As much of it as is about that check. */
const differingOf = ({ differing }: ChecksReport, name?: string): Pick<ChecksReport, 'differing'> =>
  differing
    ? {
        differing: differing.filter(
          (one) => name === undefined || [one.service, one.server, nameOf(one)].includes(name),
        ),
      }
    : {}

/** The next step of who asked a node that makes none. */
async function whoMakesThem({ socketPaths }: Session, node: string, name: string | undefined): Promise<string> {
  const status = await settled(exchange(socketPaths, { route: 'status', body: null, timeoutMs: QUERY_TIMEOUT_MS }))
  if (!('value' in status)) return 'ask a director of a group that has services'
  const { groups, services, nodes } = status.value
  if (services.length === 0) return 'nobody does: no service is configured'
  const ofServices = new Set(services.map(({ group }) => group))
  const directors = new Set(groups.filter((one) => ofServices.has(one.name)).flatMap((one) => one.directors))
  directors.delete(node)
  if (directors.size === 0) return 'no other node does: lvsm status'
  const dead = nodes.filter((one) => one.state === 'dead').map((one) => one.name)
  const alive = [...directors].filter((one) => !dead.includes(one))
  if (alive.length === 0) return `none of those that do is alive (${[...directors].join(', ')}): lvsm status`
  return `directors do: run it on ${alive.join(' or ')}: lvsm check list${name === undefined ? '' : ` ${name}`}`
}

function noCheck({ node, checks }: ChecksReport, name: string, elsewhere: string): Failure {
  const names = [...new Set(checks.map(nameOf))].slice(0, 20)
  const hint = names.length === 0 ? elsewhere : `there are: ${names.join(', ')}`
  return new Failure('refused', `${node} makes no check "${name}"`, hint)
}

/** What the document says, and how it stands; either alone where the other is not there. */
export async function showCheck(
  session: Session,
  coordinator: CoordinatorSession,
  name: string,
  options: ReadOptions,
): Promise<Exit> {
  const { paint, print } = session.terminal
  const [written, report] = await Promise.all([
    settled(shown(coordinator, 'check', name, [], options)),
    settled(live(session)),
  ])
  const servers = 'value' in report ? find(report.value, name) : []
  const { differing = [] } = 'value' in report ? differingOf(report.value, name) : {}
  if ('error' in written && servers.length + differing.length === 0) throw written.error
  const entry = 'value' in written ? written.value.value : {}
  const value = { ...entry, ...(servers.length > 0 ? { servers } : {}), ...(differing.length > 0 ? { differing } : {}) }
  const said = 'value' in written ? [written.value.text] : []
  const views = differing.length > 0 ? [differingText(differing, paint)] : []
  const text = [...said, ...servers.map((one) => checkText(one, paint)), ...views].join('\n')
  print(render(value, options.output, () => text))
  return 'ok'
}

type Settled<Value> = { readonly value: Value } | { readonly error: unknown }
const settled = <Value>(work: Promise<Value>): Promise<Settled<Value>> =>
  work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )

export interface RunOptions {
  readonly output: Format
  readonly explain: boolean
  readonly on?: string
}
export async function runCheck(session: Session, name: string, { output, explain, on }: RunOptions): Promise<Exit> {
  const body = { name, explain, ...(on === undefined ? {} : { on }) }
  const work = exchange(session.socketPaths, { route: 'runCheck', body, timeoutMs: RUN_TIMEOUT_MS })
  const report = await withProgress(`waiting for ${name} to answer`, asQuestion(work))
  session.terminal.print(render(report, output, (it) => trialsText(it, session.terminal.paint)))
  if (report.trials.some(({ ok }) => ok === false)) return 'failing'
  return report.trials.some(({ ok }) => ok === null) ? 'unasked' : 'ok'
}
