/**
 * What a coordinator's HTTP API answers, each shape once. A word that this version does not know reads as the one that asks for
 * a look; a field that it does not know is skipped.
 */
import type { Warning } from '@lvsm/base'
import * as z from 'zod'
import { plainData } from '../changes/command.ts'
import { difference, fact, revision } from '../changes/revision.ts'
import { refusedReport } from './status.ts'

const list = <Item extends z.ZodType>(item: Item) => z.array(item).readonly()
const count = z.int().min(0)

/** One thing of a difference, for people. */
const line = z.object({ kind: z.enum(['add', 'remove', 'change']).catch('change'), text: z.string() })
export type DifferenceLine = Readonly<z.infer<typeof line>>

const warning: z.ZodType<Warning> = z.object({
  code: z.string(),
  field: z.string().exactOptional(),
  line: z.number().exactOptional(),
  column: z.number().exactOptional(),
  message: z.string(),
  hint: z.string().exactOptional(),
  severity: z.enum(['info', 'warning']).catch('warning'),
})

/** Differences as data, and the same as lines. */
const differences = { change: list(difference), lines: list(line) }

export const documentReport = z.object({
  revision: count,
  /** The plain data of the file. */
  file: plainData,
  /** The file itself, which `config apply` takes: for whoever asked for it. */
  yaml: z.string().exactOptional(),
})
export type DocumentReport = z.infer<typeof documentReport>

export const revisionHeading = z.object({
  number: count,
  /** Milliseconds of the wall clock of the coordinator that took it: for reading, never for deciding. */
  at: count,
  author: z.string(),
  comment: z.string(),
  /** The revision whose document it brought back. */
  rollbackTo: count.exactOptional(),
  /** How much of what: `1 added, 2 changed, none removed`. */
  summary: z.string(),
})
export const historyReport = z.object({
  /** Newest first. */
  revisions: list(revisionHeading),
  newest: count,
  /** To be asked for with `before`: the next page. Null: these were the oldest that are kept. */
  next: count.nullable(),
})
export type RevisionHeading = z.infer<typeof revisionHeading>
export type HistoryReport = z.infer<typeof historyReport>

export const revisionReport = z.object({ revision, lines: list(line) })
export type RevisionReport = z.infer<typeof revisionReport>

export const diffReport = z.object({ from: count, to: count, ...differences })
export type DiffReport = z.infer<typeof diffReport>

/** It may have been done, or be done yet, or never. Of no write that ended, one way or the other. */
export const unknownReport = z.object({
  outcome: z.literal('unknown'),
  message: z.string(),
  hint: z.string(),
})
export const changeReport = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('done'),
    /** Null: everything was so before, and there is no revision of it. */
    revision: count.nullable(),
    /** Of the document as it is now. */
    newest: count,
    ...differences,
    warnings: list(warning),
  }),
  unknownReport,
])
export type ChangeReport = z.infer<typeof changeReport>

/** What would be, if it were written now on this `base`. */
export const previewReport = z.object({
  base: count,
  ...differences,
  /** Nodes that would do something, and what. */
  nodes: list(z.object({ node: z.string(), lines: list(line) })),
  warnings: list(warning),
})
export type PreviewReport = z.infer<typeof previewReport>

export const factsReport = z.object({
  facts: list(fact),
  /** Those of them that are about what the configuration does not have now: they wait for it to come back. */
  idle: list(fact),
})
export type FactsReport = z.infer<typeof factsReport>

const wanted = {
  added: list(fact),
  removed: list(fact),
  /** No fact had it so; but a node is on standby no more now, where it was told so itself. */
  ended: z.literal(true).exactOptional(),
  warnings: list(warning),
}
export const intentReport = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('done'),
    ...wanted,
    /** Of the change of facts with it: who acts on that acts on this. An older coordinator does not say. */
    number: count.exactOptional(),
  }),
  unknownReport,
])
export type IntentReport = z.infer<typeof intentReport>
export const intentPreviewReport = z.object(wanted)

const member = z.object({
  id: count,
  /** Of its node; null: this coordinator does not know it yet. */
  name: z.string().nullable(),
  role: z.enum(['voter', 'learner']).catch('learner'),
  /** Is it the one that answers? */
  self: z.boolean(),
  leader: z.boolean(),
  /** Only a leader knows the following two of others. Up to where its log is the leader's. */
  matchIndex: count.nullable(),
  phase: z.enum(['probe', 'replicate', 'snapshot']).nullable().catch(null),
  /** Since the one that answers heard of it; null: it is that one. */
  silentMs: z.number().nullable(),
})
export const coordinatorsReport = z.object({
  id: count,
  role: z.string(),
  term: count,
  leader: count.nullable(),
  commitIndex: count,
  lastApplied: count,
  lastLogIndex: count,
  /** `full`: it writes nothing until there is room; `stalled`: a write has not ended for long. */
  disk: z.enum(['ok', 'full', 'stalled']).catch('stalled'),
  /** Why it is no member any more; null: it is one. */
  expelled: z.string().nullable(),
  members: list(member),
  /** The configuration that it has applied; null: none yet. */
  revision: count.nullable(),
})
export type CoordinatorMember = z.infer<typeof member>
export type CoordinatorsReport = z.infer<typeof coordinatorsReport>

/** What the agents said of themselves, each to the coordinator that it follows. */
export const nodesReport = z.object({
  nodes: list(
    z.object({
      name: z.string(),
      /** Of the configuration that it uses; null: nothing was heard of it lately. */
      revision: count.nullable(),
      /** Of the lease's voters, as its lease process has them on disk; null: it did not say. */
      epoch: count.nullable(),
      /** Number of the change of what operators want that it acts on; null, or not there: it did not say. */
      facts: count.nullable().exactOptional(),
    }),
  ),
})
export type NodesReport = z.infer<typeof nodesReport>

/** Who speaks what. */
const speaker = z.object({ name: z.string(), model: count.nullable(), lvsm: z.string().nullable() })
export const versionsReport = z.object({
  /** What the cluster has agreed on. */
  finalized: count,
  /** What it can agree on now: the lowest that those know that answer. */
  next: count,
  /** What begins to be valid with that, in words. */
  begins: list(z.string()),
  /** Null: nothing was heard of it lately. It holds nobody up, and has to be upgraded when it comes back. */
  coordinators: list(speaker),
  /** Of each node; an older coordinator does not say. */
  agents: list(speaker).exactOptional(),
})
export type VersionsReport = z.infer<typeof versionsReport>
export const finalizeReport = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('done'), finalized: count, begins: list(z.string()) }),
  unknownReport,
])

/** What every route answers when nothing was done. `since`: of a write on a stale revision, what changed since. */
export const configRefusedReport = refusedReport.safeExtend({
  since: z.object(differences).exactOptional(),
})
export type ConfigRefused = z.infer<typeof configRefusedReport>
