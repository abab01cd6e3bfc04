/** Writes, each the same way: what would be, a question on a terminal, the change on what was seen, what it came to. */
import type { ChangeReport, ConfigRequestBody, Exit, PreviewReport } from '@lvsm/protocol'
import { Failure } from '../failure.ts'
import { type Format, render } from '../output.ts'
import { isAgreed, isAsking } from '../questions.ts'
import type { Terminal } from '../terminal.ts'
import { ask, lost } from './ask.ts'
import { waitForNodes } from './waiting.ts'
import { differenceText, previewText, warningsText } from './text.ts'

export interface WriteOptions {
  readonly comment: string
  readonly dryRun: boolean
  readonly yes: boolean
  /** Until the nodes use it. */
  readonly wait: boolean
  readonly ifRevision?: number | undefined
  readonly output: Format
}
export interface CoordinatorSession {
  readonly terminal: Terminal
  readonly paths: readonly string[]
  /** Those of coordinators alone: what no agent passes on is asked there. */
  readonly own: readonly string[]
}
export type Change = ConfigRequestBody<'change'>['change']

/** The file that a change came from, and what it says that it was made on. */
export interface Origin {
  readonly source: string
  readonly revision: number | undefined
}

export async function write(
  session: CoordinatorSession,
  change: Change,
  options: WriteOptions,
  origin?: Origin,
): Promise<Exit> {
  const { paths, terminal } = session
  const { comment, ifRevision = origin?.revision } = options
  const source = origin?.source
  const on = ifRevision === undefined ? {} : { base: ifRevision }
  const preview = await ask(paths, { route: 'preview', body: { change, comment, ...on } }, source)
  if (options.dryRun) {
    terminal.print(render(preview, options.output, (it) => previewText(it, terminal.paint)))
    return 'ok'
  }
  return commit(session, change, preview, options, source)
}

/** On the revision that the preview was of, so that nothing is changed that nobody saw. */
export async function commit(
  { paths, terminal }: CoordinatorSession,
  change: Change,
  preview: PreviewReport,
  { comment, yes, output, wait }: WriteOptions,
  source?: string,
): Promise<Exit> {
  const asked = preview.lines.length > 0 && !yes && isAsking()
  if (asked) await confirmed(terminal, previewText(preview, terminal.paint))
  const body = { change, comment, base: preview.base }
  const done = await ask(paths, { route: 'change', body }, source)
  if (done.outcome === 'unknown') throw lost(done.message, done.hint)
  terminal.print(render(done, output, (it) => doneText(it, terminal, asked)))
  return wait && done.revision !== null
    ? waitForNodes(paths, { what: 'revision', number: done.revision }, terminal)
    : 'ok'
}

function doneText(done: Extract<ChangeReport, { outcome: 'done' }>, { paint }: Terminal, shown: boolean): string {
  const { revision, newest, lines, warnings } = done
  if (revision === null) return `nothing to change: it is so already, in revision ${newest}\n`
  const what = shown ? '' : differenceText(lines, paint) + warningsText(warnings)
  return `${what}revision ${revision}\n`
}

/** Shows it and asks, on standard error: standard output is for results. */
export async function confirmed(terminal: Terminal, text: string): Promise<void> {
  terminal.complain(text)
  if (await isAgreed('Make this change?')) return
  throw new Failure('refused', 'not confirmed', 'nothing was changed')
}

/** For a write that is no change of the document. */
export async function confirmedUnless(yes: boolean, terminal: Terminal, text: string): Promise<boolean> {
  if (yes || !isAsking()) return false
  await confirmed(terminal, text)
  return true
}
