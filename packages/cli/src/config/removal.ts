/**
 * `lvsm server remove`: directors let the connections of a realserver that leaves end, for some minutes; `--now` cuts them off: it is stopped
 * first, for as long as the removal takes to reach all nodes.
 */
import { COMMAND_MODEL, entriesOf, type NounEntry } from '@lvsm/changes'
import type { IntentCommand, Status } from '@lvsm/protocol'
import type { Command } from 'commander'
import { Failure } from '../failure.ts'
import { ask, lost } from './ask.ts'
import { reportsOf, servicesOf, statusOf } from './outgoing.ts'
import { previewText } from './text.ts'
import { type Change, confirmedUnless, type CoordinatorSession, type WriteOptions } from './write.ts'

export interface RemovalOptions extends WriteOptions {
  readonly force?: boolean
  readonly now?: boolean
}

/** To those of a command that takes a realserver out. */
export const withRemoval = (noun: string, verb: string, command: Command): Command =>
  noun === 'server' && verb === 'remove'
    ? command.option(
        '--now',
        'cut its connections off; else they go on for 5 minutes at most. For longer, drain it first: lvsm drain SERVER --deadline 30m',
        false,
      )
    : command

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
): Promise<RemovalOptions> {
  const { paths, terminal } = session
  const { file } = await ask(paths, { route: 'document', query: { stale: false }, body: null })
  const [entry] = entriesOf(file, 'server', which)
  // Who is none is refused with the change.
  if (!entry) return options
  const leaving = { entry, services: servicesOf(file, entry) }
  if (options.now === true) return stopped(session, change, leaving, which, options)
  const left = establishedOf(await statusOf(paths), leaving)
  if (left !== null && left > 0)
    terminal.complain(
      `it has ${left} established connections\n  → for more than 5 minutes, drain it first: lvsm drain ${nodeOf(entry)} --deadline 30m; --now cuts them off\n`,
    )
  return options
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

async function intend({ paths }: CoordinatorSession, command: Omit<IntentCommand, 'model'>): Promise<void> {
  const done = await ask(paths, { route: 'intent', body: { command: { ...command, model: COMMAND_MODEL } } })
  if (done.outcome === 'unknown') throw lost(done.message, done.hint)
}
