/** What was changed, and what is wanted for a while: as it is told to people and kept by coordinators. */
import * as z from 'zod'
import { LONGEST_NAME } from '../http/routes.ts'
import { enrolled } from './enrol.ts'
import { people } from './users.ts'
import { INTENT_WORDS, plainData, subject } from './command.ts'

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const name = z.string().max(LONGEST_NAME)
/** Milliseconds of a wall clock: for people alone, and for ends that they asked for. */
const time = count

export const difference = z.object({
  /** Names from the section on: `['services', 'http', 'realservers', 'rs1', 'weight']`. */
  path: z.array(name).min(1).max(16).readonly(),
  /** What stood there; not there when nothing did. */
  from: plainData.optional(),
  /** What stands there now; not there when nothing does. */
  to: plainData.optional(),
})
export type Difference = Readonly<z.infer<typeof difference>>

export const revision = z.object({
  number: count,
  at: time,
  author: name,
  comment: z.string().max(1000),
  /** Model version of the command. */
  model: count,
  change: z.array(difference).readonly(),
  /** The revision whose document it brought back. */
  rollbackTo: count.exactOptional(),
  /** Characters of the change: so much room it takes. */
  size: count,
})
export type Revision = Readonly<z.infer<typeof revision>>

export const fact = z.object({
  subject,
  intent: z.enum(INTENT_WORDS),
  author: name,
  since: time,
  /** When it is over by itself; null: when somebody says so. */
  until: time.nullable(),
  /** As in the command: of a drain counted by the coordinators, from `since` on; of a stop by each director, from when it acts on it. */
  deadlineMs: count.exactOptional(),
  comment: z.string().max(1000),
  /** Of the change of facts that made it: they are counted, so that the newer of two is known without a clock. */
  number: count,
})
export type Fact = Readonly<z.infer<typeof fact>>

/** When a node was on standby no more: it may have been told otherwise by itself meanwhile. */
const end = z.object({ node: name, number: count, at: time })
export type End = Readonly<z.infer<typeof end>>

export const facts = z.object({
  /** How many changes there were. */
  number: count,
  /** One for each subject, in order. */
  list: z.array(fact).readonly(),
  /** The last of each node that is on standby no more. */
  ends: z.array(end).readonly(),
})
export type Facts = Readonly<z.infer<typeof facts>>

export const electorate = z.object({
  /** The lease's voters of the epoch before the present one; empty: there was none. */
  before: z.array(name).readonly(),
})
export type Electorate = Readonly<z.infer<typeof electorate>>

/** All that coordinators know of the configuration, to be kept or sent to one that is behind. */
export const snapshot = z.object({
  /** The newest document: the plain data of its file. */
  file: plainData,
  /** Those that are kept, the oldest first. */
  revisions: z.array(revision).min(1).readonly(),
  limit: count,
  facts,
  enrolled,
  electorate,
  /** Not there in what was kept before there were any. */
  people: people.default({ users: [], tokens: [] }),
  /** Model version that the cluster has agreed on. */
  finalized: count,
})
export type Snapshot = Readonly<z.infer<typeof snapshot>>
