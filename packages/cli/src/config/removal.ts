/**
 * `lvsm server remove`: directors let the connections of a realserver that leaves end, for some minutes. With a deadline it is drained first, and leaves when it
 * has none left, or when its time is over; `--now` cuts them off: it is stopped first, for as long as the removal takes to reach all nodes.
 */
import { COMMAND_MODEL, entriesOf, type NounEntry, subjectText } from '@lvsm/changes'
import type { IntentCommand, Status } from '@lvsm/protocol'
import type { Command } from 'commander'
import { Failure } from '../failure.ts'
import { lengthOf } from '../length.ts'
import { withProgress } from '../terminal.ts'
import { ask, lost } from './ask.ts'
import { reportsOf, servicesOf, statusOf } from './outgoing.ts'
import { previewText } from './text.ts'
import { waitForNodes } from './waiting.ts'
import { type Change, confirmedUnless, type CoordinatorSession, type WriteOptions } from './write.ts'

export interface RemovalOptions extends WriteOptions {
  readonly force?: boolean
  readonly deadline?: string | undefined
  readonly now?: boolean
}

/** To those of a command that takes a realserver out. */
export const withDeadline = (noun: string, verb: string, command: Command): Command =>
  noun === 'server' && verb === 'remove'
    ? command
        .option('--deadline <duration>', 'drain it first: its connections may go on for so long')
        .option('--now', 'cut its connections off; else they go on for 5 minutes at most', false)
    : command

const AGAIN_MS = 1000
type Subject = IntentCommand['subject']
interface Leaving {
  /** Of the list of the document. */
  readonly entry: NounEntry
  readonly services: readonly string[]
}

/** Before it is taken out; `write` does that as this says. */
export async function beforeRemoval(
  session: CoordinatorSession,
  change: Change,
  which: Readonly<Record<string, string>>,
  options: RemovalOptions,
): Promise<{ readonly options: RemovalOptions; readonly after: () => Promise<void> }> {
  const { paths, terminal } = session
  const deadlineMs = lengthOf('--deadline', options.deadline)
  const nothing = { options, after: () => Promise.resolve() }
  const { file } = await ask(paths, { route: 'document', query: { stale: false }, body: null })
  const [entry] = entriesOf(file, 'server', which)
  // Who is none is refused with the change.
  if (!entry) return nothing
  const leaving = { entry, services: servicesOf(file, entry) }
  if (options.now === true) return { ...nothing, options: await stopped(session, change, leaving, which, options) }
  const left = establishedOf(await statusOf(paths), leaving)
  if (deadlineMs === null || left === 0) {
    if (left !== null && left > 0)
      terminal.complain(
        `it has ${left} established connections\n  → --deadline 30m lets them go on so long at most before it is taken out; --now cuts them off\n`,
      )
    return nothing
  }
  if (options.dryRun) {
    terminal.complain(`it would be drained first, for ${options.deadline} at most\n`)
    return nothing
  }
  // Who may not be taken out is not drained for it.
  const preview = await ask(paths, { route: 'preview', body: { change, comment: options.comment } })
  await confirmedUnless(options.yes, terminal, `${previewText(preview, terminal.paint)}drained first\n`)
  const subjects = leaving.services.map((service): Subject => ({ kind: 'server', node: nodeOf(entry), service }))
  await drain(session, subjects, deadlineMs, options)
  await withProgress(`waiting for the connections of ${nodeOf(entry)}`, drained(session, leaving, subjects, deadlineMs))
  return { options: { ...options, yes: true, ifRevision: undefined }, after: () => forget(session, subjects) }
}

/** A realserver of that name that is added meanwhile serves after it. */
const STOPPED_MS = 10_000

async function stopped(
  session: CoordinatorSession,
  change: Change,
  { entry, services }: Leaving,
  { server = '' }: Readonly<Record<string, string>>,
  options: RemovalOptions,
): Promise<RemovalOptions> {
  if (options.deadline !== undefined)
    throw new Failure('usage', '--now and --deadline are against each other', 'give one of them')
  // A stop is of a node: others of its sockets would have it, too.
  if (server.includes('@'))
    throw new Failure(
      'usage',
      `${nodeOf(entry)} is there several times: --now would stop all of it`,
      'take it out without',
    )
  const { comment, dryRun, ifRevision, yes } = options
  const on = ifRevision === undefined ? {} : { base: ifRevision }
  const found = await ask(session.paths, { route: 'preview', body: { change, comment, ...on } })
  if (dryRun) return options
  const preview = { ...found, warnings: found.warnings.filter(({ code }) => code !== 'connections-end') }
  await confirmedUnless(
    yes,
    session.terminal,
    `${previewText(preview, session.terminal.paint)}its connections are cut off\n`,
  )
  const reason = comment === '' ? 'removed at once' : comment
  for (const service of services) {
    const subject: Subject = { kind: 'server', node: nodeOf(entry), service }
    await intend(session, { verb: 'stop', subject, forMs: STOPPED_MS, comment: reason, force: true })
  }
  return { ...options, yes: true }
}

const nodeOf = ({ which, entry }: NounEntry): string =>
  typeof entry['node'] === 'string' ? entry['node'] : (which['server'] ?? '')

/** Null: nobody tells. */
function establishedOf(status: Status | null, { entry, services }: Leaving): number | null {
  const all = status?.services.filter(({ name }) => services.includes(name)) ?? []
  if (all.length < services.length || all.some(({ told }) => told === false)) return null
  return all.flatMap((one) => reportsOf(one, entry)).reduce((sum, { active }) => sum + active, 0)
}

async function intend({ paths }: CoordinatorSession, command: Omit<IntentCommand, 'model'>): Promise<number | null> {
  const done = await ask(paths, { route: 'intent', body: { command: { ...command, model: COMMAND_MODEL } } })
  if (done.outcome === 'unknown') throw lost(done.message, done.hint)
  return done.number ?? null
}
async function drain(
  session: CoordinatorSession,
  subjects: readonly Subject[],
  deadlineMs: number,
  { comment, wait, force = false }: RemovalOptions,
): Promise<void> {
  let number: number | null = null
  const more = { comment, deadlineMs, ...(force ? { force } : {}) }
  for (const subject of subjects) number = await intend(session, { verb: 'drain', subject, forMs: null, ...more })
  // One that drains already takes no new connections.
  if (wait && number !== null) await waitForNodes(session.paths, { what: 'facts', number }, session.terminal)
}

/** Until it has no connections left, or the time is over; throws where somebody wants it to serve again meanwhile. */
async function drained(
  { paths }: CoordinatorSession,
  leaving: Leaving,
  subjects: readonly Subject[],
  deadlineMs: number,
): Promise<void> {
  const began = performance.now()
  const names = subjects.map(subjectText)
  while (performance.now() - began < deadlineMs) {
    const { facts } = await ask(paths, { route: 'facts', query: { stale: false }, body: null })
    const there = new Set(facts.map(({ subject }) => subjectText(subject)))
    const ended = names.find((name) => !there.has(name))
    if (ended !== undefined)
      throw new Failure('refused', `${ended} is not drained any more: somebody ended that`, 'it was not taken out')
    if (establishedOf(await statusOf(paths), leaving) === 0) return
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
  }
}

/** What is wanted of who is gone would hold for one that comes back. */
async function forget(session: CoordinatorSession, subjects: readonly Subject[]): Promise<void> {
  for (const subject of subjects) await intend(session, { verb: 'enable', subject, forMs: null, comment: '' })
}
