/** What is wanted for a while: drain, stop, standby, and their end. */
import { COMMAND_MODEL, subjectText } from '@lvsm/changes'
import type { Exit, IntentCommand, IntentReport, Subject } from '@lvsm/protocol'
import { lengthOf } from '../length.ts'
import { withMoments } from '../moments.ts'
import { render } from '../output.ts'
import { ask, lost } from './ask.ts'
import type { ReadOptions } from './commands.ts'
import { factsText, wantedText, warningsText } from './text.ts'
import { waitForNodes } from './waiting.ts'
import { confirmedUnless, type CoordinatorSession, type WriteOptions } from './write.ts'

export interface IntentOptions extends Omit<WriteOptions, 'ifRevision'> {
  readonly for?: string | undefined
  readonly deadline?: string | undefined
  readonly force?: boolean
}

export async function intents({ paths, terminal }: CoordinatorSession, { output, stale }: ReadOptions): Promise<Exit> {
  const found = await ask(paths, { route: 'facts', query: { stale }, body: null })
  const text = (): string => factsText(found.facts, found.idle, terminal.paint)
  terminal.print(render(withMoments(found, Date.now()), output, text))
  return 'ok'
}

export async function intend(
  { paths, terminal }: CoordinatorSession,
  verb: IntentCommand['verb'],
  subject: Subject,
  options: IntentOptions,
): Promise<Exit> {
  const { comment, dryRun, yes, output, wait, force = false } = options
  const forMs = lengthOf('--for', options.for)
  const deadlineMs = lengthOf('--deadline', options.deadline)
  const more = { ...(deadlineMs === null ? {} : { deadlineMs }), ...(force ? { force } : {}) }
  const command = { model: COMMAND_MODEL, verb, subject, forMs, comment, ...more }
  const preview = await ask(paths, { route: 'intentPreview', body: { command } })
  const told = (it: Told): string => (it.ended ? endedText(subject) : wantedText(it.added, it.removed, terminal.paint))
  const text = (it: Told): string => told(it) + warningsText(it.warnings)
  if (dryRun) {
    terminal.print(render(preview, output, text))
    return 'ok'
  }
  const changes = isNews(preview)
  const shown = changes && (await confirmedUnless(yes, terminal, text(preview)))
  const done = await ask(paths, { route: 'intent', body: { command } })
  if (done.outcome === 'unknown') throw lost(done.message, done.hint)
  terminal.print(render(done, output, (it) => (shown ? 'done\n' : text(it))))
  const { number } = done
  // Silences are for whoever tells people, and nothing that a node does.
  if (!wait || number === undefined || subject.kind === 'alerts' || !isNews(done)) return 'ok'
  return waitForNodes(paths, { what: 'facts', number }, terminal)
}
type Told = Pick<Extract<IntentReport, { outcome: 'done' }>, 'added' | 'removed' | 'ended' | 'warnings'>
const isNews = ({ added, removed, ended }: Told): boolean => added.length + removed.length > 0 || ended === true
const endedText = (subject: Subject): string =>
  `${subjectText(subject)} is no longer under maintenance, also where that was said on the node itself\n`
