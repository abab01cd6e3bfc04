/**
 * What an agent and the coordinator that it follows say to each other: JSON with a kind and a version, a frame of text each. The
 * agent says what it has; the coordinator answers with what is newer, then with the facts and who the coordinators are, and goes on
 * with each change. Beside that the agent reports what it is and does (`agent-report.ts`).
 */
import * as z from 'zod'
import { agentReport, LONGEST_REPORT } from './agent-report.ts'
import { plainData } from './changes/command.ts'
import { digest } from './changes/enrol.ts'
import { keyRing, publicHalf } from './changes/heartbeat-keys.ts'
import { memberRecord } from './changes/member.ts'
import { difference, facts } from './changes/revision.ts'
import { toldCoordinatorTroubles } from './coordinator-troubles.ts'
import { cut } from './cut.ts'
import { eventsReport } from './events/event.ts'
import { LONGEST_NAME } from './http/routes.ts'
import { statusReport } from './http/status.ts'
import { readKind, type Unread } from './json.ts'
import { plainLine } from '@lvsm/base'

export const FEED_VERSION = 1
/** In UTF-16 units: the largest configuration with room, which is longer than all facts. */
export const LONGEST_FEED_MESSAGE = 16 << 20
/** In UTF-16 units, and bytes of UTF-8: of what an agent says. */
export const LONGEST_FOLLOWER_MESSAGE = LONGEST_REPORT
/** Between two revisions; where there are more, the whole is sent. */
export const MOST_DIFFERENCES = 100_000

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
/** SHA-256, hexadecimal digits, of the canonical text of a configuration's file (`canonicalText` of packages/changes). */
const sum = digest
const word = (longest: number) => z.string().transform((value) => cut(plainLine(value), longest))

export const FOLLOWER_SCHEMAS = {
  /** What it has; revision 0: nothing. `sum` null: it does not trust that, and wants the whole. */
  follow: z.object({ kind: z.literal('follow'), revision: count, sum: sum.nullable() }),
  /**
   * It uses this revision; `epoch`: of the lease's voters, which its lease process acts on, and has on its disk; `ring`: number
   * of the heartbeat keys that its lease process accepts.
   */
  applied: z.object({
    kind: z.literal('applied'),
    revision: count,
    epoch: count.exactOptional(),
    ring: count.exactOptional(),
    facts: count.exactOptional(),
  }),
  /** It has a new heartbeat key, with this public half. `lost`: it has none of those of before any more. */
  key: z.object({ kind: z.literal('key'), public: publicHalf, lost: z.boolean() }),
  /** Which revision is the newest? By a read that begins when this was heard, and is proved current. One at a time. */
  prove: z.object({ kind: z.literal('prove'), number: count }),
  /** What it is and does. One is on its way at a time: the next goes when this one was answered (`reported`). */
  report: z.object({ kind: z.literal('report'), ...agentReport.shape }),
  /** What is known of the whole cluster: somebody asks this node for it. `after`: of events, those that came after this cursor. */
  question: z.object({
    kind: z.literal('question'),
    id: count,
    what: z.enum(['status', 'events']),
    after: z.string().max(100).exactOptional(),
  }),
} as const
export type FollowerMessage = z.infer<(typeof FOLLOWER_SCHEMAS)[keyof typeof FOLLOWER_SCHEMAS]>

const clusterAnswer = z.object({ status: statusReport.exactOptional(), events: eventsReport.exactOptional() })
export type ClusterAnswer = Readonly<z.infer<typeof clusterAnswer>>

const coordinator = z.object({
  id: count,
  name: memberRecord.shape.name,
  addresses: memberRecord.shape.addresses,
  key: memberRecord.shape.key,
})
export type FeedCoordinator = Readonly<z.infer<typeof coordinator>>
export const feedCoordinators = z.array(coordinator).max(256).readonly()

export const FEED_SCHEMAS = {
  /** `file`: the plain data of the configuration's file. */
  whole: z.object({ kind: z.literal('whole'), revision: count, file: plainData, sum }),
  /** What makes revision `to` of revision `from`; `sum`: of `to`. */
  change: z.object({
    kind: z.literal('change'),
    from: count,
    to: count,
    change: z.array(difference).max(MOST_DIFFERENCES).readonly(),
    sum,
  }),
  /** Heartbeat keys of all nodes: they come before the revision that brings a node of theirs. */
  keys: z.object({ kind: z.literal('keys'), ring: keyRing }),
  facts: z.object({ kind: z.literal('facts'), facts }),
  coordinators: z.object({ kind: z.literal('coordinators'), list: feedCoordinators }),
  /** The answer to `prove` of that number; null: nothing is proved now. */
  proved: z.object({ kind: z.literal('proved'), number: count, revision: count.nullable() }),
  /**
   * Of the agent's reports this one is here; 0: the one that came could not be used, and a whole one has to come. `event`: all events
   * of this life of the agent up to this serial are known. `origins`: it knows an event of an earlier life again.
   */
  reported: z.object({
    kind: z.literal('reported'),
    number: count,
    event: count,
    origins: z.boolean().exactOptional(),
  }),
  /** To a question: what was asked for; neither where that is not known. */
  cluster: z.object({ kind: z.literal('cluster'), id: count, ...clusterAnswer.shape }),
  /** What is wrong with the coordinators now, all of it: when an agent has said what it has, and when it changes. */
  troubles: z.object({ kind: z.literal('troubles'), list: toldCoordinatorTroubles }),
  /** Nothing follows on this connection until the agent says again what it has. */
  refused: z.object({
    kind: z.literal('refused'),
    refusal: z.object({ code: word(LONGEST_NAME), message: word(2000), hint: word(1000).exactOptional() }),
  }),
} as const
export type FeedMessage = z.infer<(typeof FEED_SCHEMAS)[keyof typeof FEED_SCHEMAS]>

export type ReadFeed<Message> =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly reason: Unread }

/** Neither throws, whatever the text. */
export const decodeFeedMessage = (encoded: string): ReadFeed<FeedMessage> =>
  decode<FeedMessage>(FEED_SCHEMAS, encoded, LONGEST_FEED_MESSAGE)
export const decodeFollowerMessage = (encoded: string): ReadFeed<FollowerMessage> =>
  decode<FollowerMessage>(FOLLOWER_SCHEMAS, encoded, LONGEST_FOLLOWER_MESSAGE)

function decode<Message>(
  schemas: Readonly<Record<string, z.ZodType<Message>>>,
  encoded: string,
  longest: number,
): ReadFeed<Message> {
  const read = readKind(schemas, encoded, { longest, version: FEED_VERSION }, () => false)
  return read.ok ? { ok: true, message: read.value } : read
}

/** `least`: the oldest version that can act on it. */
export const encodeFeedMessage = (message: FeedMessage | FollowerMessage): string =>
  JSON.stringify({ v: FEED_VERSION, least: 1, ...message })
