/** Everything that crosses a border, in one table: how a value of each kind becomes bytes, and what is made of bytes. */
import {
  ADDRESS_ENTRIES,
  type Addresses,
  type AgentMessage,
  type Codec,
  type CoordinatorMessage,
  type Datagram,
  FEED_SCHEMAS,
  FOLLOWER_SCHEMAS,
  type FeedMessage,
  type FollowerMessage,
  type DurableState,
  type Entry,
  FrameSplitter,
  type LeaseView,
  liveMessage,
  PEER_SCHEMAS,
  ROUTES,
  type RouteName,
  SCHEMAS,
  SNAPSHOT_SCHEMAS,
  type SnapshotWord,
  type Stored,
  datagramCodec,
  decodeEntry,
  decodeFeedMessage,
  decodeFollowerMessage,
  decodeMessage,
  decodePeerMessage,
  decodeSnapshotWord,
  decodeSpokenAddresses,
  decodeState,
  decodeView,
  encodeEntry,
  encodeFeedMessage,
  encodeMessage,
  encodePeerMessage,
  encodeSnapshotWord,
  encodeSpokenAddresses,
  encodeState,
  encodeView,
  frame,
  fromLeaseCodec,
  open,
  read,
  readRefusals,
  readResponse,
  sealer,
  stateFileCodec,
  toLeaseCodec,
  viewFileCodec,
} from '@lvsm/protocol'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type OwnedRecord, writeRecord } from '@lvsm/plan'
import { keyring } from '../../agent/lease/adapters/network/keyring.ts'
import { loadRecord, saveRecord } from '../../agent/node/adapters/files.ts'

export type Decoded = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string }
export interface Border {
  readonly name: string
  readonly kinds: readonly string[]
  encode(kind: string, value: unknown): Uint8Array
  /** Never throws. */
  decode(kind: string, bytes: Uint8Array): Decoded
}

const CLUSTER = 'lab'
const KEY = 1
export const KEYS = keyring([{ id: KEY, algorithm: 'sha256', secret: 'ab'.repeat(32) }])
/** What is signed, as a datagram. */
export function sign(content: Uint8Array): Uint8Array {
  const tag = KEYS.begin(KEY, '')?.tag(content) ?? new Uint8Array()
  return Uint8Array.of(...content, ...tag)
}

export const kindsOf = ({ form }: Codec<unknown>): readonly string[] =>
  form.type === 'union' ? Object.keys(form.cases) : []
const partsOf = ({ form }: Codec<unknown>): readonly string[] => {
  const common = form.type === 'pair' && form.first.form.type === 'struct' ? form.first.form.fields : {}
  return kindsOf(common['message'] as Codec<unknown>)
}

/** The codecs of all binary borders, by the name of the border. */
export const CODECS: Readonly<Record<string, Codec<unknown>>> = {
  datagram: datagramCodec,
  'to-lease': toLeaseCodec,
  'from-lease': fromLeaseCodec,
  'lease.state': stateFileCodec,
  'lease.view': viewFileCodec,
}

const datagrams: Border = {
  name: 'datagram',
  kinds: [...partsOf(datagramCodec), 'piggybacked'],
  encode(_, value) {
    const { to, ...outgoing } = value as Datagram
    return sealer(outgoing, CLUSTER, KEY, KEYS)(to)
  },
  decode(_, bytes) {
    const opened = open(bytes, CLUSTER, KEYS)
    return opened.ok ? { ok: true, value: opened.datagram } : opened
  },
}

const frames = (name: string, codec: Codec<unknown>): Border => ({
  name,
  kinds: kindsOf(codec),
  encode: (_, value) => frame(codec, value as never),
  decode(_, bytes) {
    const found = new FrameSplitter().push(bytes)
    const [content] = found ?? []
    return content ? read(codec, content) : { ok: false, reason: found ? 'not whole' : 'not ours' }
  },
})

const judged = (stored: Stored<unknown>): Decoded =>
  stored.kind === 'read' ? { ok: true, value: stored.value } : { ok: false, reason: stored.kind }
const files: readonly Border[] = [
  {
    name: 'lease.state',
    kinds: ['file'],
    encode: (_, value) => encodeState(value as DurableState),
    decode: (_, bytes) => judged(decodeState(bytes)),
  },
  {
    name: 'lease.view',
    kinds: ['file'],
    encode: (_, value) => encodeView(value as LeaseView),
    decode: (_, bytes) => judged(decodeView(bytes)),
  },
  {
    name: 'agent.owned',
    kinds: ['file'],
    encode: (_, value) =>
      withFile(
        (path) => void saveRecord(path, writeRecord(recordOf(value))),
        (path): Uint8Array => readFileSync(path),
      ),
    decode(_, bytes) {
      const { record, trouble } = withFile((path) => writeFileSync(path, bytes), loadRecord)
      return trouble ? { ok: false, reason: 'strange' } : { ok: true, value: plainRecord(record) }
    },
  },
]
const recordOf = (value: unknown): OwnedRecord =>
  new Map(Object.entries(value as Record<string, string[]>).map(([key, dests]) => [key, new Set(dests)]))
const plainRecord = (record: OwnedRecord): unknown =>
  Object.fromEntries([...record].map(([key, dests]) => [key, [...dests]]))
function withFile<Result>(write: (path: string) => void, then: (path: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'lvsm-border-'))
  try {
    mkdirSync(folder, { recursive: true })
    write(join(folder, 'file'))
    return then(join(folder, 'file'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(bytes))
  } catch {
    return undefined
  }
}
const checked = (value: unknown): Decoded =>
  value === null ? { ok: false, reason: 'none of this route' } : { ok: true, value }

type ReadMessage = { readonly ok: true; readonly message: unknown } | { readonly ok: false; readonly reason: string }
const messageIn = (read: ReadMessage): Decoded => (read.ok ? { ok: true, value: read.message } : read)

const messages: Border = {
  name: 'agent',
  kinds: Object.keys(SCHEMAS),
  encode: (_, value) => utf8(encodeMessage(value as AgentMessage)),
  decode: (_, bytes) => messageIn(decodeMessage(textOf(bytes))),
}
const peers: Border = {
  name: 'peer',
  kinds: Object.keys(PEER_SCHEMAS),
  encode: (_, value) => utf8(encodePeerMessage(value as CoordinatorMessage)),
  decode: (_, bytes) => messageIn(decodePeerMessage(textOf(bytes))),
}
/** What a coordinator says of itself with the request that its link begins with. */
const spoken: Border = {
  name: 'peer-header',
  kinds: ['addresses'],
  encode: (_, value) => utf8(encodeSpokenAddresses(value as Addresses) ?? ''),
  decode: (_, bytes) => checked(decodeSpokenAddresses(textOf(bytes))),
}
/** Entries of the log that came after those that `entry.test.ts` holds to their form. */
const entries: Border = {
  name: 'log',
  kinds: Object.keys(ADDRESS_ENTRIES),
  encode: (_, value) => utf8(encodeEntry(value as Entry)),
  decode(_, bytes) {
    const found = decodeEntry(textOf(bytes))
    return found.ok ? { ok: true, value: found.entry } : found
  },
}
const snapshots: Border = {
  name: 'snapshot',
  kinds: Object.keys(SNAPSHOT_SCHEMAS),
  encode: (_, value) => utf8(encodeSnapshotWord(value as SnapshotWord)),
  decode: (_, bytes) => messageIn(decodeSnapshotWord(textOf(bytes))),
}
/** What coordinators say to agents that follow, and these to them. */
const feed: Border = {
  name: 'feed',
  kinds: Object.keys(FEED_SCHEMAS),
  encode: (_, value) => utf8(encodeFeedMessage(value as FeedMessage)),
  decode: (_, bytes) => messageIn(decodeFeedMessage(textOf(bytes))),
}
const followers: Border = {
  name: 'follower',
  kinds: Object.keys(FOLLOWER_SCHEMAS),
  encode: (_, value) => utf8(encodeFeedMessage(value as FollowerMessage)),
  decode: (_, bytes) => messageIn(decodeFollowerMessage(textOf(bytes))),
}
/** What an open page hears, as `adapters/api/people/live.ts` writes it. */
const live: Border = {
  name: 'live',
  kinds: liveMessage.options.map(({ shape }) => shape.kind.value),
  encode: (_, value) => utf8(JSON.stringify(value)),
  decode(_, bytes) {
    const found = liveMessage.safeParse(json(bytes))
    return found.success ? { ok: true, value: found.data } : { ok: false, reason: 'malformed' }
  },
}
export const ROUTE_NAMES = Object.keys(ROUTES) as RouteName[]
/** As `adapters/control.ts` writes them. */
const answers: Border = {
  name: 'http-answer',
  kinds: [...ROUTE_NAMES, 'refused'],
  encode: (_, value) => utf8(`${JSON.stringify(value)}\n`),
  decode(kind, bytes) {
    const body = json(bytes)
    if (kind !== 'refused') return checked(readResponse(kind as RouteName, body))
    const refusals = readRefusals(body)
    return checked(refusals && { refusals })
  },
}
const requests: Border = {
  name: 'http-request',
  kinds: ROUTE_NAMES.filter((name) => ROUTES[name].request !== null),
  encode: (_, value) => utf8(JSON.stringify(value)),
  decode(kind, bytes) {
    const found = ROUTES[kind as RouteName].request?.safeParse(json(bytes))
    return found?.success ? { ok: true, value: found.data } : { ok: false, reason: 'bad-request' }
  },
}

export const BORDERS: readonly Border[] = [
  datagrams,
  frames('to-lease', toLeaseCodec),
  frames('from-lease', fromLeaseCodec),
  ...files,
  messages,
  peers,
  spoken,
  entries,
  snapshots,
  feed,
  followers,
  live,
  answers,
  requests,
]
