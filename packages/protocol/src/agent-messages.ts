/**
 * What the agents of two nodes say to each other, through the lease processes: JSON with a kind and a version. The sender is
 * authenticated, its text is not trusted: each kind has a schema, a field that is not known is skipped, a kind or verb that
 * is not known is refused and counted, never taken for another one.
 */
import { type AlertsMessage, alertsMessage } from './alert-messages.ts'
import { cut, cutHint, OF_TROUBLE } from './cut.ts'
import { seenSocket } from './own-view.ts'
import { saidEvent } from './events/event.ts'
import { LONGEST_NAME, runCheckRequest, standbyRequest, switchoverRequest, testAlertRequest } from './http/routes.ts'
import { plainLine } from '@lvsm/base'
import { verdictParts } from './http/made-of.ts'
import { nodeStateWord, severityWord } from './http/status.ts'
import { parseObject } from './json.ts'
import * as z from 'zod'

/** Bytes of UTF-8; under the limit of the relay (`publish/packing.ts` keeps to it). */
export const LONGEST_MESSAGE = 6000
export const MESSAGE_VERSION = 1

/** Text of a peer ends in logs and on terminals: control characters have no business there. */
const text = (longest: number) => z.string().transform((value) => cut(plainLine(value), longest))
/** What people shall do, whole or not at all. */
const step = (longest: number) => z.string().transform((value) => cutHint(plainLine(value), longest))
/** Names of the model have 32 letters at most; what an operator mistyped may be longer. */
const name = z.string().max(LONGEST_NAME)
/** A name or code that is shown as it is. */
const word = name.transform(plainLine)
/** More than fit a message, so that none that fits is refused. */
const MOST = 256
const count = z.number().min(0).max(Number.MAX_SAFE_INTEGER)

/** Letters. */
export const LONGEST_OBJECT = 100
export const LONGEST_EVIDENCE = 240
export const LONGEST_HINT = OF_TROUBLE.hint

export const saidTrouble = z.object({
  code: word,
  severity: severityWord,
  message: text(OF_TROUBLE.message),
  hint: step(LONGEST_HINT).exactOptional(),
  /** Milliseconds. */
  leftMs: count.exactOptional(),
  object: text(LONGEST_OBJECT).exactOptional(),
  evidence: text(LONGEST_EVIDENCE).exactOptional(),
  /** ISO 8601, wall clock: for reading. */
  since: z.string().max(32).transform(plainLine).exactOptional(),
  /** It is over, and so long ago was the last of it; milliseconds. */
  pastMs: count.exactOptional(),
})
/** What a node was told of standby by itself. */
export const saidWord = z.object({
  standby: z.boolean(),
  author: text(LONGEST_NAME),
  since: count,
  known: count,
  met: count.exactOptional(),
})
const digest = z.string().max(64).exactOptional()
const state = z.object({
  kind: z.literal('state'),
  revision: count,
  /** Different at each start of the agent. */
  boot: name.exactOptional(),
  /** Its causal clock (packages/base), in microseconds; not there: it has just started, and listens. */
  clock: count.exactOptional(),
  /** Milliseconds of its wall clock as it says this. Not there: an older agent. */
  wall: count.exactOptional(),
  /** How often it was set since its agent started. Not there: never, or an older agent. */
  wallSet: count.exactOptional(),
  /** Node → what its wall clock is ahead of this node's at least, milliseconds. Not there: of none that is seen, or an older agent. */
  ahead: z.record(name, count).exactOptional(),
  /** Digests of what all nodes must agree on. */
  agreement: z.object({
    ...{ voters: digest, directors: digest, addresses: digest, 'ping nodes': digest, timing: digest },
    // An older agent does not say them.
    ...{ services: digest, schedulers: digest, realservers: digest, checks: digest },
    // Nor these. `schema`: of the keys that its version knows.
    ...{ 'cluster name': digest, nodes: digest, links: digest, keys: digest, interfaces: digest, hooks: digest },
    ...{ gateways: digest, synchronisation: digest, monitoring: digest, receivers: digest },
    ...{ 'other settings': digest, schema: digest },
  }),
  state: nodeStateWord,
  reason: text(300),
  standby: z.boolean(),
  /** Of a voter that has just started: for so long it lends no vote. Milliseconds; not there: it lends it, or did not say. */
  votesInMs: count.exactOptional(),
  /** What it was told of standby by itself. */
  word: saidWord.exactOptional(),
  /** Group → why this node could not take it now; empty text: it could. Groups without room follow in `more`. */
  ready: z.record(name, text(160)),
  /** Group → a service in it of which it knows no realserver: no order moves the group there. Not there: there is none, or it did not say. */
  dark: z.record(name, name).exactOptional(),
  /** Group → by what this node would let no client of a service through that its owner lets through: no order moves the group there. Not there: all get through, or an older agent. */
  shut: z.record(name, text(160)).exactOptional(),
  /** Group → of how many of its services it can ask no realserver, or lets no client through. Not there: of none, or it did not say. */
  blind: z.record(name, count).exactOptional(),
  /** Services of which its packet filter lets no client through, whoever owns them: who could take them over is no worse there. Not there: none, or an older agent. */
  shutServices: z.array(name).max(MOST).exactOptional(),
  /** Ping node → does this node reach it? Null: not known yet. */
  pings: z.record(name, z.boolean().nullable()),
  /** Whom it does not hear now: all of voters and directors, and the first of the others. Not there: nothing depends on what it hears, or it did not say. */
  unheard: z.array(name).max(MOST).exactOptional(),
  /** Group → established connections in its table. Not there: connections are not synchronised. */
  established: z.record(name, count).exactOptional(),
  /** Director → what came here of its connection synchronisation: a count that only grows, or begins anew. Not there: nobody counts, or an older agent. */
  syncHeard: z.record(name, count).exactOptional(),
  /** Heartbeat link → bytes that a packet may have on its interface. Not there: an older agent, or it is not known. */
  mtus: z.record(name, count).exactOptional(),
  /** Service → destinations whose checks failed here; of others it knows nothing bad. Not there: it makes no checks, or did not say. */
  failed: z.record(name, z.array(name).max(MOST)).exactOptional(),
  /** Realservers that left the configuration, and are still in its table for their connections: `SERVICE ADDRESS:PORT`. Not there: there are none, or an older agent. */
  leaving: z.array(word).max(MOST).exactOptional(),
  /** Those of more services had no room. */
  moreFailed: z.boolean().exactOptional(),
  troubles: z.array(saidTrouble).max(MOST),
  events: z.array(saidEvent).max(MOST),
})
/** Letters of a value of a configuration. */
export const LONGEST_SETTING = 80
/** A field of the configuration: a digest of all its values, and they themselves, by the object that has each: asked for by who has others. */
const setting = z.object({
  sum: z.string().max(64),
  values: z.record(word, text(LONGEST_SETTING)).exactOptional(),
})
/** What had no room in the state. */
const more = z.object({
  kind: z.literal('more'),
  ready: z.record(name, text(160)),
  events: z.array(saidEvent).max(MOST),
  /** Of parts of the configuration in which another node has something else. Not there: there is none, or an older agent. */
  settings: z.record(word, setting).exactOptional(),
})
export const saidDestination = z.object({
  key: name,
  weight: count,
  healthy: z.boolean().nullable(),
  ...verdictParts,
  active: count,
  inactive: count,
  reason: text(160),
  /** Of one that is drained or stopped: an estimate of when none is established any more; null: not known. */
  doneInMs: count.nullable().exactOptional(),
})
/** The owner's tables of some services; many come in several messages. */
const tables = z.object({ kind: z.literal('tables'), services: z.record(name, z.array(saidDestination).max(4096)) })

/** What a realserver's agent sees of its own sockets, of services that want to know: to their directors. */
const sockets = z.object({ kind: z.literal('sockets'), load: count, seen: z.array(seenSocket).max(MOST) })

const switchover = z.object({ verb: z.literal('switchover'), ...switchoverRequest.shape })
const standby = z.object({ verb: z.literal('standby'), ...standbyRequest.shape })
const runCheck = z.object({ verb: z.literal('runCheck'), ...runCheckRequest.shape })
const testAlert = z.object({ verb: z.literal('testAlert'), ...testAlertRequest.shape })
const VERBS: Readonly<Record<string, z.ZodType>> = { switchover, standby, runCheck, testAlert }
const command = z.discriminatedUnion('verb', [switchover, standby, runCheck, testAlert])
const refusal = z.object({
  code: word,
  message: text(600),
  hint: step(300).exactOptional(),
  field: text(120).exactOptional(),
})
/** `unknown`: no such thing; `conflict`: not now; `unavailable`: cannot be asked; `timeout`: nobody knows. */
export const FAULTS = ['unknown', 'conflict', 'unavailable', 'timeout', 'invalid'] as const
/** One that is not known says no all the same. */
const faultWord = z.enum(FAULTS).catch('unavailable')
/** What a command did is printed as one line: names and figures, no text of lines. */
const reported = z
  .unknown()
  .transform((value) => (typeof value === 'string' ? cut(plainLine(value), LONGEST_NAME) : value))
const outcome = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), report: z.record(name, reported) }),
  z.object({ ok: z.literal(false), fault: faultWord, refusals: z.array(refusal).min(1).max(16) }),
])
const ask = z.object({ kind: z.literal('ask'), id: name, command })
const answer = z.object({ kind: z.literal('answer'), id: name, outcome })
/**
 * The owner to its successor: a planned move comes; and the answer that the kernel there is ready to hand packets back. `at`:
 * addresses of the owner to which it can, beside those of its links.
 */
const prepare = z.object({
  kind: z.literal('prepare'),
  id: name,
  group: name,
  at: z.array(word).max(MOST).exactOptional(),
})
const prepared = z.object({
  ...{ kind: z.literal('prepared'), id: name, group: name },
  /** Established connections of the group that it knows. Not there: they are not synchronised. */
  established: count.exactOptional(),
})

export type StateMessage = z.infer<typeof state>
export type PrepareMessage = z.infer<typeof prepare>
export type MoreMessage = z.infer<typeof more>
export type Settings = NonNullable<MoreMessage['settings']>
export type TablesMessage = z.infer<typeof tables>
export type SocketsMessage = z.infer<typeof sockets>
export type PreparedMessage = z.infer<typeof prepared>
export type TroubleReport = z.infer<typeof saidTrouble>
export type DestinationReport = z.infer<typeof saidDestination>
export type Command = z.infer<typeof command>
export type Outcome = z.infer<typeof outcome>
export type Fault = (typeof FAULTS)[number]
export type AgentMessage =
  | StateMessage
  | MoreMessage
  | TablesMessage
  | SocketsMessage
  | z.infer<typeof ask>
  | z.infer<typeof answer>
  | z.infer<typeof prepare>
  | PreparedMessage
  | AlertsMessage

/** Kind → schema: all that agents say to each other. */
export const SCHEMAS = { state, more, tables, sockets, ask, answer, prepare, prepared, alerts: alertsMessage } as const

export type Decoded =
  | { readonly ok: true; readonly message: AgentMessage }
  /** `ask`: who asked for something that this version does not know wants to be told so. */
  | { readonly ok: false; readonly reason: 'malformed' | 'unknown-kind' | 'newer'; readonly ask?: string }

/** Never throws, whatever the text. */
export function decodeMessage(encoded: string): Decoded {
  const value = parseObject(encoded)
  const kind = value['kind']
  if (typeof kind !== 'string') return { ok: false, reason: 'malformed' }
  const least = value['least']
  if (typeof least === 'number' && least > MESSAGE_VERSION) return { ok: false, reason: 'newer', ...askOf(value) }
  const schema = Object.hasOwn(SCHEMAS, kind) ? SCHEMAS[kind as keyof typeof SCHEMAS] : undefined
  if (!schema || hasUnknownVerb(value)) return { ok: false, reason: 'unknown-kind', ...askOf(value) }
  const read = schema.safeParse(value)
  return read.success ? { ok: true, message: read.data } : { ok: false, reason: 'malformed', ...askOf(value) }
}

function hasUnknownVerb({ kind, command: asked }: Readonly<Record<string, unknown>>): boolean {
  if (kind !== 'ask' || typeof asked !== 'object' || asked === null || !('verb' in asked)) return false
  return typeof asked.verb === 'string' && !Object.hasOwn(VERBS, asked.verb)
}

const askOf = (value: Readonly<Record<string, unknown>>): { ask?: string } =>
  value['kind'] === 'ask' && typeof value['id'] === 'string' && value['id'].length <= 64 ? { ask: value['id'] } : {}

/** `least`: the oldest version that can act on it; who knows only older ones counts and refuses it. */
export const encodeMessage = (message: AgentMessage): string =>
  JSON.stringify({ v: MESSAGE_VERSION, least: 1, ...message })
