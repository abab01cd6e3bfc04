/**
 * What the processes count, each counter once: its key in status, what it counts, and its place in the metrics
 * (`metrics.ts`). Counters begin at 0 with their process. Whoever counts something new adds a row here.
 */
import type { MetricName } from './metrics.ts'

export interface Counter {
  readonly metric: MetricName
  /** Values of the metric's labels. */
  readonly labels: Readonly<Record<string, string>>
  /** What is counted, one of it and many; singular and plural of the same noun. */
  readonly unit: readonly [one: string, many: string]
  /** Ends the sentence "3 datagrams: …". */
  readonly help: string
  /** What to do while it grows; left out where that is nobody's fault. */
  readonly alarm?: string
}
/** The kind of trouble that it is: somebody speaks who should not, unless this node does not get rid of what is its own, or has no time for it. */
export const troubleOfCounter = ({ alarm }: Counter): 'dropped' | 'not-sent' | 'messages-lost' =>
  alarm === LINK ? 'not-sent' : alarm === BUSY ? 'messages-lost' : 'dropped'

const UNITS = {
  datagram: ['datagram', 'datagrams'],
  message: ["message of another node's agent", "messages of other nodes' agents"],
  'to-lease': ['frame of the agent to the lease process', 'frames of the agent to the lease process'],
  'from-lease': ['frame of the lease process to the agent', 'frames of the lease process to the agent'],
  client: ['connection to the lease process', 'connections to the lease process'],
  request: ['request to the agent', 'requests to the agent'],
  peer: ['message of another coordinator', 'messages of other coordinators'],
  connection: ["connection to the coordinator's port for nodes", "connections to the coordinator's port for nodes"],
  feed: ["message of a node's agent", "messages of nodes' agents"],
  visitor: ['connection to the port for people', 'connections to the port for people'],
  snapshot: ['snapshot of another coordinator', 'snapshots of other coordinators'],
} as const
const UNKNOWN_KIND = 'of a kind that this version does not know'
const UNREADABLE = 'not readable'
const NOT_ITS_BUSINESS = 'about what is not their sender’s business'

const SPEAKS_ELSE = 'look who else sends to the heartbeat port of this node, or give it another one'
const KEYS = 'give every node the same keys; if they have, somebody without a key sends to the heartbeat port'
const OLD = 'upgrade the nodes that are behind: see the versions in the logs'
const WRONG_HANDS =
  'give every node the same configuration; if they have, look at the realserver: it may be in the wrong hands'

const BUSY = 'others may know less of this node, or it of them: look what keeps lvsm-agent busy there, and at its log'
const WILD = 'look who opens /run/lvsm/lease.sock of this node: lvsm-agent alone has business there (ss -xp)'

const STRANGER = 'look who connects to the port for nodes; if it is a node of this cluster, let it join again'
const VISITORS = 'look who opens so many connections to the port for people: lvsm audit, and the log'
const WRONG_PEER = 'look at the coordinator that its log names: it may be broken, or in the wrong hands'

/** Something that was received and is not used. */
const dropped = (what: keyof typeof UNITS, reason: string, help: string, alarm?: string): Counter => ({
  metric: 'lvsm_dropped_total',
  labels: { what, reason },
  unit: UNITS[what],
  help,
  ...(alarm === undefined ? {} : { alarm }),
})
const counted = (metric: MetricName, unit: Counter['unit'], help: string, labels: Counter['labels'] = {}): Counter => ({
  metric,
  labels,
  unit,
  help,
})
const notWritten = (file: string): Counter =>
  counted('lvsm_state_write_failures_total', ['write', 'writes'], `of the ${file} that failed`, { file })

const failedLogin = (how: string, help: string): Counter =>
  counted('lvsm_failed_logins_total', ['try', 'tries'], help, { how })

export const COUNTERS = {
  'drop-short': dropped('datagram', 'short', 'too short', SPEAKS_ELSE),
  'drop-long': dropped('datagram', 'long', 'too long', SPEAKS_ELSE),
  'drop-filtered': dropped(
    'datagram',
    'filtered',
    'stopped by the kernel: not from a peer, or beyond what one sends',
    'look who sends to the heartbeat ports: nft list table inet lvsm-peers says by which rule each was stopped',
  ),
  'drop-source': dropped(
    'datagram',
    'source',
    'from an address that is not of the node that they name',
    'correct the address of that link in the configuration, or look who uses the name of a node',
  ),
  'drop-version': dropped('datagram', 'version', 'not of this protocol version', OLD),
  'drop-key': dropped('datagram', 'key', 'signed with an unknown key', KEYS),
  'drop-mac': dropped('datagram', 'mac', 'with a wrong signature', KEYS),
  'drop-cluster': dropped(
    'datagram',
    'cluster',
    'of another cluster',
    'give one of the two clusters another heartbeat port, or correct the name of the cluster',
  ),
  'drop-kind': dropped('datagram', 'kind', UNKNOWN_KIND),
  'drop-malformed': dropped('datagram', 'malformed', 'signed, but not readable', OLD),
  'drop-replay': dropped('datagram', 'replay', 'that came before: replayed'),
  'drop-copy': dropped('datagram', 'copy', 'that came before over another link, long ago'),
  'drop-stale': dropped('datagram', 'stale', 'too old: replayed or very late'),
  'drop-jump': dropped('datagram', 'jump', 'numbered far ahead of all others of its sender'),
  'drop-retired-incarnation': dropped('datagram', 'retired-incarnation', 'of an earlier start of their node'),
  'drop-unknown-node': dropped(
    'datagram',
    'unknown-node',
    'of a node that the configuration does not know',
    'give every node the same configuration',
  ),
  'drop-unknown-link': dropped('datagram', 'unknown-link', 'over a link too many'),
  'drop-not-for-me': dropped('datagram', 'not-for-me', 'for an earlier start of this node'),
  'drop-cloned-voter': dropped('datagram', 'cloned-voter', 'a vote of a node that two machines may call themselves'),
  'drop-not-entitled': dropped('datagram', 'not-entitled', NOT_ITS_BUSINESS, WRONG_HANDS),
  'drop-number-jump': dropped(
    'datagram',
    'number-jump',
    'that ask for a lease number out of reach',
    'look at the director that lvsm events names: it may be broken, or in the wrong hands',
  ),
  'drop-relay-flood': dropped('message', 'flood', 'above what one node may send', WRONG_HANDS),
  'drop-relay-unread': dropped('message', 'unread', 'that came while this node’s agent did not read', BUSY),
  'drop-message-not-entitled': dropped('message', 'not-entitled', NOT_ITS_BUSINESS, WRONG_HANDS),
  'drop-message-unknown-kind': dropped('message', 'unknown-kind', UNKNOWN_KIND, OLD),
  'drop-message-newer': dropped('message', 'newer', 'for newer versions only', OLD),
  'drop-message-clock': dropped('message', 'clock', 'of a time that no clock shows: it orders nothing', WRONG_HANDS),
  'drop-message-malformed': dropped('message', 'malformed', UNREADABLE, OLD),
  'drop-to-lease-unknown-kind': dropped('to-lease', 'unknown-kind', UNKNOWN_KIND),
  'drop-to-lease-malformed': dropped('to-lease', 'malformed', UNREADABLE),
  'drop-to-lease-long': dropped('to-lease', 'long', 'longer than any word to other agents'),
  'drop-to-lease-crowded': dropped(
    'to-lease',
    'crowded',
    'for other agents, replaced by newer ones before their turn came',
    BUSY,
  ),
  'drop-client-crowded': dropped('client', 'crowded', 'beyond the limit', WILD),
  'drop-client-half': dropped('client', 'half', 'that left a frame half said', WILD),
  'drop-from-lease-unknown-kind': dropped('from-lease', 'unknown-kind', UNKNOWN_KIND),
  'drop-from-lease-malformed': dropped('from-lease', 'malformed', UNREADABLE),
  'drop-request-unknown-path': dropped('request', 'unknown-path', UNKNOWN_KIND),
  'drop-peer-malformed': dropped('peer', 'malformed', UNREADABLE, OLD),
  'drop-peer-unknown-kind': dropped('peer', 'unknown-kind', UNKNOWN_KIND, OLD),
  'drop-peer-newer': dropped('peer', 'newer', 'for newer versions only', OLD),
  'drop-peer-misaddressed': dropped('peer', 'misaddressed', 'that name another sender or receiver', WRONG_PEER),
  'drop-feed-malformed': dropped('feed', 'malformed', UNREADABLE, OLD),
  'drop-feed-unknown-kind': dropped('feed', 'unknown-kind', UNKNOWN_KIND, OLD),
  'drop-feed-newer': dropped('feed', 'newer', 'for newer versions only', OLD),
  'drop-feed-flood': dropped('feed', 'flood', 'above what one agent sends', WRONG_HANDS),
  'drop-feed-long': dropped('feed', 'long', 'with more than any node has', WRONG_HANDS),
  'drop-connection-tls': dropped('connection', 'tls', 'that were no TLS 1.3, or ended before they had begun'),
  'drop-connection-certificate': dropped(
    'connection',
    'certificate',
    "without a certificate of the cluster's authority",
    STRANGER,
  ),
  'drop-connection-key': dropped('connection', 'key', 'with a key that is no node’s of this cluster', STRANGER),
  'drop-connection-request': dropped('connection', 'request', 'that ask for what is not there'),
  'drop-connection-crowded': dropped(
    'connection',
    'crowded',
    'beyond what there may be at once, without a key or of one',
    STRANGER,
  ),
  'drop-visitor-tls': dropped('visitor', 'tls', 'that were no TLS, or ended before they had begun'),
  'drop-visitor-crowded': dropped('visitor', 'crowded', 'beyond what there may be at once', VISITORS),
  'drop-visitor-malformed': dropped('visitor', 'malformed', 'that speak no HTTP'),
  'login-password': failedLogin('password', 'with a wrong password, or of a user that is not there'),
  'login-token': failedLogin('token', 'with a token that is none, or over'),
  'drop-snapshot-damaged': dropped('snapshot', 'damaged', 'other than their checksum says', WRONG_PEER),
  'drop-snapshot-long': dropped('snapshot', 'long', 'larger than what is taken'),
  'drop-snapshot-broken': dropped('snapshot', 'broken', 'that broke off, or stood still'),
  'peer-unsent': counted(
    'lvsm_peer_unsent_total',
    ['message', 'messages'],
    'to coordinators that are not connected, or read too slowly',
  ),
  'peer-lost': counted('lvsm_peer_lost_total', ['connection', 'connections'], 'to coordinators that fell silent'),
  'snapshot-unsent': counted(
    'lvsm_snapshots_unsent_total',
    ['snapshot', 'snapshots'],
    'that did not arrive as a whole',
  ),
  greeting: counted(
    'lvsm_greetings_total',
    ['heartbeat', 'heartbeats'],
    'of nodes that do not know this start of ours yet',
  ),
  'stray-ack': counted('lvsm_stray_answers_total', ['answer', 'answers'], 'of voters to a request that is over'),
  'send-link-down': counted('lvsm_send_failures_total', ['datagram', 'datagrams'], 'that no link could carry', {
    code: 'link-down',
  }),
  'link-failed': counted('lvsm_link_failures_total', ['link', 'links'], 'that could not be bound'),
  'inbox-full': counted('lvsm_inbox_overflows_total', ['input', 'inputs'], 'lost because too many waited'),
  'announce-failed': counted(
    'lvsm_announce_failures_total',
    ['announcement', 'announcements'],
    'of addresses that the kernel did not send',
  ),
  'fence-restored': counted(
    'lvsm_fence_restored_total',
    ['time', 'times'],
    'somebody else changed the fence, and it was put back',
  ),
  'filter-restored': counted(
    'lvsm_filter_restored_total',
    ['time', 'times'],
    'somebody else changed the rules in front of the heartbeat ports, and they were put back',
  ),
  'state-write-failed': notWritten('lease state'),
  'view-write-failed': notWritten('last view'),
  'file-version': counted('lvsm_strange_files_total', ['file', 'files'], 'of another version, put aside'),
  'file-damaged': counted('lvsm_damaged_files_total', ['file', 'files'], 'damaged, and not used'),
} as const satisfies Readonly<Record<string, Counter>>

/** `send-ENETUNREACH` and the like: what the kernel answered to a send. */
export type CounterName = keyof typeof COUNTERS | `send-${string}`

const SEND = 'send-'
const LINK = 'look at the links of this node: ip addr, ip rule, ip route, nft list ruleset'

/** Null for a counter of another version. */
export function counterOf(name: string): Counter | null {
  if (Object.hasOwn(COUNTERS, name)) return COUNTERS[name as keyof typeof COUNTERS]
  if (!name.startsWith(SEND)) return null
  const code = name.slice(SEND.length)
  const counter = counted('lvsm_send_failures_total', ['datagram', 'datagrams'], `not sent: ${code}`, { code })
  // Nobody listens where a process does not run, which is shown by itself.
  return code === 'ECONNREFUSED' ? counter : { ...counter, alarm: LINK }
}
/** Does it count what was received and not used? */
export const isDrop = (name: string): boolean => name.startsWith('drop-')
