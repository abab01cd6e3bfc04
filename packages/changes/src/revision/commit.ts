/** A write: a command, on the revision that its author saw. */
import type { ConfigCommand, Revision } from '@lvsm/protocol'
import { applyCommand } from '../command/apply.ts'
import type { Applied, Context, Refused } from '../command/command.ts'
import { addRevision, documentAt, type History, newestOf, refuseStale, type Signature } from './history.ts'

export interface Write {
  readonly command: ConfigCommand
  /** The revision that it was made on; null: whatever is the newest, which its author says he does not care for. */
  readonly base: number | null
}

export interface Committed extends Omit<Applied, 'refusals'> {
  readonly history: History
  /** Null: nothing would change, so there is no revision of it. */
  readonly revision: Revision | null
  readonly refusals?: never
}
export interface NotCommitted extends Refused {
  readonly history?: never
  readonly revision?: never
  readonly config?: never
}

/** The facts of operation are no part of it: they stay as they are whatever the configuration becomes. */
export function commit(
  history: History,
  { command, base }: Write,
  { at, author, comment }: Signature,
  context: Omit<Context, 'earlier'>,
): Committed | NotCommitted {
  const stale = base === null ? null : refuseStale(history, base)
  if (stale) return { refusals: [stale] }
  const applied = applyCommand(history.document, command, {
    ...context,
    earlier: (revision) => documentAt(history, revision),
  })
  if (applied.refusals) return { refusals: applied.refusals }
  const { document, change, warnings } = applied
  const numbered = (newest: History) => ({ ...applied.config, revision: newestOf(newest) })
  if (change.length === 0)
    return { history, revision: null, document: history.document, change, config: numbered(history), warnings }
  const { model } = command
  const rollback = command.verb === 'rollback' ? { rollbackTo: command.revision } : {}
  const next = addRevision(history, document, { at, author, comment, model, change, ...rollback })
  const revision = next.revisions.at(-1) ?? null
  return { history: next, revision, document, change, config: numbered(next), warnings }
}
