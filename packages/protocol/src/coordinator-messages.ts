/**
 * What two coordinators say to each other: JSON with a kind and a version, a frame of text each. Who sent it is known by its key,
 * what it says is not believed. The types are those of packages/raft and of the coordinator's ports, which this room does not know:
 * a test of the links holds them together.
 */
import { ownCoordinatorTroubles } from './coordinator-troubles.ts'
import { cut } from './cut.ts'
import { agentReport } from './agent-report.ts'
import { LONGEST_ENTRY } from './changes/entry.ts'
import { LONGEST_NAME } from './http/routes.ts'
import { readKind, type Unread } from './json.ts'
import { plainLine } from '@lvsm/base'
import * as z from 'zod'

export const PEER_VERSION = 1
/** Of a payload, in UTF-16 units: what a log takes at most (`entrySize` of packages/raft). */
const LONGEST_PAYLOAD = LONGEST_ENTRY
/** Bytes of UTF-8: one such payload, whatever JSON makes of its characters, and what stands around it. */
export const LONGEST_PEER_MESSAGE = 6 * LONGEST_PAYLOAD + (1 << 20)
/** Entries of one message. */
const MOST_ENTRIES = 65_536
const MOST_MEMBERS = 256

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
/** Identities are compared, not shown. */
const identity = z.string().min(1).max(LONGEST_NAME)
const payload = z.string().max(LONGEST_PAYLOAD)

const member = z.strictObject({ id: count, store: identity, role: z.enum(['voter', 'learner']) })
const membership = z.strictObject({ members: z.array(member).max(MOST_MEMBERS).readonly() })
/** Of the log: what is not understood is refused, because two nodes would make different things of it. */
const ENTRY_KINDS = {
  noop: z.strictObject({ kind: z.literal('noop'), index: count, term: count }),
  command: z.strictObject({ kind: z.literal('command'), index: count, term: count, payload }),
  membership: z.strictObject({ kind: z.literal('membership'), index: count, term: count, membership, payload }),
} as const
const entry = z.discriminatedUnion('kind', [ENTRY_KINDS.noop, ENTRY_KINDS.command, ENTRY_KINDS.membership])

const route = { from: count, to: count }
const head = { ...route, store: identity, term: count }
const candidate = { lastLogIndex: count, lastLogTerm: count }

const word = (longest: number) => z.string().transform((value) => cut(plainLine(value), longest))
const refusal = z.object({
  code: word(LONGEST_NAME),
  field: word(300).exactOptional(),
  line: count.exactOptional(),
  column: count.exactOptional(),
  message: word(2000),
  hint: word(1000).exactOptional(),
})
const outcome = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('index'), index: count }),
  z.object({ kind: z.literal('refused'), refusal }),
  z.object({ kind: z.literal('unknown') }),
])

const change = z.discriminatedUnion('op', [
  z.object({ op: z.literal('add'), store: identity }),
  z.object({ op: z.enum(['promote', 'demote', 'remove']), node: count }),
])

const nodeName = z.string().min(1).max(LONGEST_NAME)
/** What a node's agent said of itself last, to the coordinator that it follows. */
export const nodeProgress = z.object({
  name: nodeName,
  /** Of the configuration that it uses. */
  revision: count,
  /** Of the lease's voters, as its lease process has them on disk; not there: it did not say. */
  epoch: count.exactOptional(),
  /** Number of the heartbeat keys that its lease process accepts; not there: it did not say. */
  ring: count.exactOptional(),
  /** Number of the change of facts that it acts on; not there: it did not say. */
  facts: count.exactOptional(),
  /**
   * Its newest report, its newest event, and how long ago it said so; whoever does not have them asks for them. Not there: it made no
   * report.
   */
  report: z.object({ boot: identity, number: count, event: count, ageMs: count }).exactOptional(),
})
export type NodeProgress = Readonly<z.infer<typeof nodeProgress>>
const MOST_NODES = 4096
/** Which version of the model a coordinator knows, and of which lvsm it is. */
const speaks = z.object({ model: count, lvsm: z.string().max(64) })
export type Speaks = Readonly<z.infer<typeof speaks>>

/** Kind → schema: all that coordinators say to each other on a link. */
export const PEER_SCHEMAS = {
  'pre-vote': z.object({ kind: z.literal('pre-vote'), ...head, ...candidate }),
  'pre-vote-response': z.object({
    kind: z.literal('pre-vote-response'),
    ...head,
    granted: z.boolean(),
    nextTerm: count,
  }),
  'request-vote': z.object({ kind: z.literal('request-vote'), ...head, ...candidate, transfer: z.boolean() }),
  'request-vote-response': z.object({ kind: z.literal('request-vote-response'), ...head, granted: z.boolean() }),
  'append-entries': z.object({
    kind: z.literal('append-entries'),
    ...head,
    prevLogIndex: count,
    prevLogTerm: count,
    entries: z.array(entry).max(MOST_ENTRIES).readonly(),
    leaderCommit: count,
  }),
  'append-entries-response': z.object({
    kind: z.literal('append-entries-response'),
    ...head,
    matchIndex: count.nullable(),
    rejected: count,
    hintIndex: count,
    hintTerm: count,
  }),
  heartbeat: z.object({ kind: z.literal('heartbeat'), ...head, leaderCommit: count, round: count }),
  'heartbeat-response': z.object({ kind: z.literal('heartbeat-response'), ...head, round: count }),
  'timeout-now': z.object({ kind: z.literal('timeout-now'), ...head }),
  outdated: z.object({ kind: z.literal('outdated'), ...head }),
  refused: z.object({ kind: z.literal('refused'), ...head, reason: z.enum(['removed', 'wiped']), about: identity }),
  ask: z.object({
    kind: z.literal('ask'),
    ...route,
    id: identity,
    payload: payload.nullable(),
    change: change.exactOptional(),
  }),
  answer: z.object({ kind: z.literal('answer'), ...route, id: identity, outcome }),
  nodes: z.object({
    kind: z.literal('nodes'),
    ...route,
    nodes: z.array(nodeProgress).max(MOST_NODES).readonly(),
    speaks: speaks.exactOptional(),
    clock: count.exactOptional(),
    /** What is wrong with that coordinator, or with others by what it hears of them; an older one does not say. */
    troubles: ownCoordinatorTroubles.exactOptional(),
  }),
  /** The report of a node that follows there; `boot`, `number`, `event`: what is known here already (null, 0, 0: nothing). */
  'report-wanted': z.object({
    kind: z.literal('report-wanted'),
    ...route,
    name: nodeName,
    boot: identity.nullable(),
    number: count,
    event: count,
  }),
  /** `report.whole` false: what is new since the number that was asked for. */
  report: z.object({ kind: z.literal('report'), ...route, name: nodeName, ageMs: count, report: agentReport }),
} as const
export type CoordinatorMessage = z.infer<(typeof PEER_SCHEMAS)[keyof typeof PEER_SCHEMAS]>

/** A state in one piece, in bytes of UTF-8. */
const LARGEST_STATE = 1 << 30
/**
 * On a connection of its own: `install-snapshot`, the state as frames of bytes, `snapshot-end`; then the receiver says
 * `snapshot-arrived`, and nothing if it has not.
 */
export const SNAPSHOT_SCHEMAS = {
  'install-snapshot': z.object({
    kind: z.literal('install-snapshot'),
    ...head,
    lastIncludedIndex: count,
    lastIncludedTerm: count,
    membership,
    /** Of the state, in UTF-8. */
    bytes: count.max(LARGEST_STATE),
  }),
  /** SHA-256 of these bytes, in hexadecimal digits. Behind them, because whoever sends is not to stand still for it first. */
  'snapshot-end': z.object({ kind: z.literal('snapshot-end'), sha256: z.string().max(64) }),
  'snapshot-arrived': z.object({ kind: z.literal('snapshot-arrived') }),
} as const
export type SnapshotWord = z.infer<(typeof SNAPSHOT_SCHEMAS)[keyof typeof SNAPSHOT_SCHEMAS]>
export type SnapshotBegin = z.infer<(typeof SNAPSHOT_SCHEMAS)['install-snapshot']>
/** In UTF-16 units, and bytes of UTF-8: room for all members. */
export const LONGEST_SNAPSHOT_WORD = 1 << 18

export type ReadPeer<Message> =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly reason: Unread }
type Schemas<Message> = Readonly<Record<string, z.ZodType<Message>>>

/** Never throws, whatever the text. */
export const decodePeerMessage = (encoded: string): ReadPeer<CoordinatorMessage> =>
  decode<CoordinatorMessage>(PEER_SCHEMAS, encoded, LONGEST_PEER_MESSAGE)
export const decodeSnapshotWord = (encoded: string): ReadPeer<SnapshotWord> =>
  decode<SnapshotWord>(SNAPSHOT_SCHEMAS, encoded, LONGEST_SNAPSHOT_WORD)

function decode<Message>(schemas: Schemas<Message>, encoded: string, longest: number): ReadPeer<Message> {
  const read = readKind(schemas, encoded, { longest, version: PEER_VERSION }, hasUnknownEntry)
  return read.ok ? { ok: true, message: read.value } : read
}

/** A message with an entry of a later kind is refused whole: a log has no gaps. */
function hasUnknownEntry({ kind, entries }: Readonly<Record<string, unknown>>): boolean {
  if (kind !== 'append-entries' || !Array.isArray(entries)) return false
  return entries.some((one: unknown) => {
    if (typeof one !== 'object' || one === null || !('kind' in one)) return false
    return typeof one.kind === 'string' && !Object.hasOwn(ENTRY_KINDS, one.kind)
  })
}

/** `least`: the oldest version that can act on it; who knows only older ones counts and refuses it. */
export const encodePeerMessage = (message: CoordinatorMessage): string => encode(message)
export const encodeSnapshotWord = (word: SnapshotWord): string => encode(word)
const encode = (message: CoordinatorMessage | SnapshotWord): string =>
  JSON.stringify({ v: PEER_VERSION, least: 1, ...message })
