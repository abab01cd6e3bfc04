/** What is answered of a state: the document, its history, what differs, what operators want. */
import {
  differenceBetween,
  documentAt,
  idleFacts,
  linesOf,
  newestOf,
  renderDocument,
  revisionAt,
  type State,
  summaryOf,
  writtenOf,
} from '@lvsm/changes'
import type {
  ConfigQuery,
  DiffReport,
  DocumentReport,
  FactsReport,
  HistoryReport,
  Revision,
  RevisionHeading,
  RevisionReport,
} from '@lvsm/protocol'
import { differencesOf, ok, type Reply, refusedWith } from './reply.ts'

export function documentReply(
  { history }: State,
  { revision = newestOf(history), yaml }: ConfigQuery<'document'>,
): Reply {
  const document = documentAt(history, revision)
  if (!document) return notKept(revision)
  const body: DocumentReport = {
    revision,
    file: plain(writtenOf(document, revision)),
    ...(yaml ? { yaml: renderDocument(document, revision) } : {}),
  }
  return ok(body, revision)
}

/** As it will be read: what is not said is not there. */
const plain = (value: unknown): DocumentReport['file'] => JSON.parse(JSON.stringify(value))

export function historyReply({ history }: State, { before, limit }: ConfigQuery<'history'>): Reply {
  const older = history.revisions.filter(({ number }) => before === undefined || number < before)
  const page = older.slice(-limit).toReversed()
  const body: HistoryReport = {
    revisions: page.map(headingOf),
    newest: newestOf(history),
    next: older.length > page.length ? (page.at(-1)?.number ?? null) : null,
  }
  return ok(body)
}

export const headingOf = ({ number, at, author, comment, change, rollbackTo }: Revision): RevisionHeading => ({
  number,
  at,
  author,
  comment,
  ...(rollbackTo === undefined ? {} : { rollbackTo }),
  summary: summaryOf(linesOf(change)),
})

export function revisionReply({ history }: State, { number }: ConfigQuery<'revision'>): Reply {
  const revision = revisionAt(history, number)
  if (!revision) return notKept(number)
  const body: RevisionReport = { revision, lines: linesOf(revision.change) }
  return ok(body)
}

/** From the one before the newest to the newest, unless it is said otherwise. */
export function diffReply({ history }: State, query: ConfigQuery<'diff'>): Reply {
  const to = query.to ?? newestOf(history)
  const from = query.from ?? Math.max(1, to - 1)
  const lost = [from, to].find((one) => !revisionAt(history, one))
  const change = differenceBetween(history, from, to)
  if (lost !== undefined || change === null) return notKept(lost ?? from)
  const body: DiffReport = { from, to, ...differencesOf(change) }
  return ok(body)
}

export function factsReply({ facts, config }: State): Reply {
  const body: FactsReport = { facts: facts.list, idle: idleFacts(facts, config) }
  return ok(body)
}

const notKept = (revision: number): Reply =>
  refusedWith(404, [
    {
      code: 'unknown-revision',
      field: 'revision',
      message: `revision ${revision} is not kept`,
      hint: 'lvsm config history lists those that are',
    },
  ])
