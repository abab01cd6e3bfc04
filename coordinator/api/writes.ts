/** Writes: from a request to an entry of the log, and from what came of it to an answer. The same for what is only looked at. */
import type { Refusal } from '@lvsm/base'
import {
  applyEntry,
  differenceBetween,
  epochOf,
  COMMAND_MODEL,
  newestOf,
  type Outcome,
  parseDocument,
  preview,
  refuseLeaving,
  refuseText,
  type State,
  stepWished,
  writtenOf,
} from '@lvsm/changes'
import {
  type ChangeBody,
  type ChangeReport,
  type ConfigBody,
  type ConfigCommand,
  decodeEntry,
  type Difference,
  encodeEntry,
  type Entry,
  type IntentReport,
  LONGEST_COMMENT,
  type MemberRecord,
  type PreviewReport,
} from '@lvsm/protocol'
import type { Written } from '../configuration.ts'
import { against, differencesOf, notNow, ok, type Reply, refusedWith } from './reply.ts'
import { baseOf } from './request.ts'

export interface Signature {
  readonly author: string
  /** Milliseconds of the wall clock. */
  readonly at: number
}
export type Made = { readonly entry: Entry } | { readonly reply: Reply }

/** An entry of the log, which nobody could take out again: what is wrong with the request is found before. */
export function changeEntry(
  { change, base: said, comment }: ChangeBody,
  ifMatch: string | undefined,
  by: Signature,
  state: State | null,
): Made {
  const wrong = refuseComment(comment)
  if (wrong) return { reply: wrong }
  const read = commandOf(change)
  if ('reply' in read) return read
  const given = baseOf(said, ifMatch)
  if ('reply' in given) return given
  const base = given.base === undefined ? read.revision : given.base
  if (base === undefined) return { reply: NO_BASE }
  const { command } = read
  const step = stepOf(state, command)
  return checked(
    step ? { kind: 'voters', ...by, ...step, base, comment } : { kind: 'change', ...by, comment, command, base },
  )
}

/** Voters have an entry of their own, with the number of the set. */
function stepOf(state: State | null, command: ConfigCommand) {
  const document = state?.history.document
  const step = document && stepWished(document, command)
  return step && { epoch: epochOf(document) + 1, ...step }
}

export const intentEntry = ({ command }: ConfigBody<'intent'>, by: Signature): Made =>
  checked({ kind: 'intent', ...by, command })

/** What every coordinator will read from the log: a longer one would be refused by all of them, for ever. */
export function checked(entry: Entry): Made {
  const read = decodeEntry(encodeEntry(entry))
  if (read.ok) return { entry: read.entry }
  return { reply: refusedWith(413, [{ code: 'too-long', message: 'the change is longer than any configuration' }]) }
}

const NO_BASE = refusedWith(428, [
  {
    code: 'no-base',
    field: 'base',
    message: 'the change does not say on which revision it was made',
    hint: 'give base (or If-Match) the revision that you read; null (or *) for whatever is the newest',
  },
])

function refuseComment(comment: string): Reply | null {
  const refusal = refuseText(comment, LONGEST_COMMENT)
  return refusal && refusedWith(400, [refusal])
}

type Read = { readonly command: ConfigCommand; readonly revision: number | undefined } | { readonly reply: Reply }

/** `revision`: what an exported document says of where it comes from. */
function commandOf(change: ChangeBody['change']): Read {
  if ('command' in change) return { command: change.command, revision: undefined }
  const { document, revision, refusals } = parseDocument(change.yaml)
  if (!document) return { reply: refusedWith(422, refusals) }
  const command = { verb: 'apply', file: writtenOf(document, 0), model: COMMAND_MODEL } as const
  return { command, revision: revision > 0 ? revision : undefined }
}

/** `base`: the revision that it was made on, if it said one. */
export function changeReply(written: Written, base: number | null): Reply {
  if (written.kind !== 'done') return written.kind === 'refused' ? notNow(written) : UNKNOWN
  const { outcome, state } = written
  if (outcome.kind !== 'changed') return refusedOutcome(outcome, (refusals) => sinceOf(state, base, refusals))
  const { revision, warnings } = outcome
  const newest = newestOf(state.history)
  const body: ChangeReport = {
    outcome: 'done',
    revision: revision?.number ?? null,
    newest,
    ...differencesOf(revision?.change ?? []),
    warnings,
  }
  return ok(body, newest)
}

export function intentReply(written: Written): Reply {
  if (written.kind !== 'done') return written.kind === 'refused' ? notNow(written) : UNKNOWN
  const { outcome, state } = written
  if (outcome.kind !== 'wanted') return refusedOutcome(outcome)
  const { kind: _, ...wanted } = outcome
  const body: IntentReport = { outcome: 'done', ...wanted, number: state.facts.number }
  return ok(body)
}

type Since = (refusals: readonly Refusal[]) => readonly Difference[] | undefined
const refusedOutcome = (outcome: Outcome, since: Since = () => undefined): Reply =>
  outcome.kind === 'refused' ? against(outcome.refusals, since(outcome.refusals)) : UNKNOWN

/** Of a stale write: what changed since its base, as far as that is kept. */
function sinceOf(
  { history }: State,
  base: number | null,
  [first]: readonly Refusal[],
): readonly Difference[] | undefined {
  if (base === null || first?.code !== 'stale-revision') return undefined
  return differenceBetween(history, base, newestOf(history)) ?? undefined
}

export const NOT_KNOWN_IF = 'whether it was done is not known: it may be done yet, or never'
/** Neither done nor failed, and said so by a status of its own. */
const UNKNOWN: Reply = {
  status: 202,
  body: {
    outcome: 'unknown',
    message: NOT_KNOWN_IF,
    hint: 'look before you repeat it: lvsm config history; lvsm intents',
  } satisfies ChangeReport,
}

/** On the newest revision, where the request names none. */
export function previewReply(
  state: State,
  { change, base: said, comment }: ChangeBody,
  ifMatch: string | undefined,
  members: Iterable<MemberRecord> = [],
): Reply {
  const wrong = refuseComment(comment)
  if (wrong) return wrong
  const read = commandOf(change)
  if ('reply' in read) return read.reply
  const given = baseOf(said, ifMatch)
  if ('reply' in given) return given.reply
  const newest = newestOf(state.history)
  const base = (given.base === undefined ? read.revision : given.base) ?? newest
  const { history, config, finalized, facts, enrolled } = state
  const found = preview(
    history,
    config,
    { command: read.command, base },
    {
      finalized,
      facts,
      enrolled: enrolled.nodes.map(({ name }) => name),
      voters: stepOf(state, read.command) ? 'may-change' : 'stay',
    },
  )
  if (found.refusals) return against(found.refusals, sinceOf(state, base, found.refusals))
  const left = refuseLeaving(members, found.change)
  if (left) return against([left])
  const body: PreviewReport = { base, ...differencesOf(found.change), nodes: found.nodes, warnings: found.warnings }
  return ok(body, newest)
}

export function intentPreviewReply(state: State, body: ConfigBody<'intent'>, by: Signature): Reply {
  const made = intentEntry(body, by)
  if ('reply' in made) return made.reply
  const { outcome } = applyEntry(state, made.entry)
  if (outcome.kind !== 'wanted') return refusedOutcome(outcome)
  const { kind: _, ...wanted } = outcome
  return ok(wanted)
}
