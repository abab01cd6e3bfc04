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
}

const UNITS = {
  datagram: ['datagram', 'datagrams'],
  message: ["message of another node's agent", "messages of other nodes' agents"],
  'to-lease': ['frame of the agent to the lease process', 'frames of the agent to the lease process'],
  'from-lease': ['frame of the lease process to the agent', 'frames of the lease process to the agent'],
  request: ['request to the agent', 'requests to the agent'],
} as const
const UNKNOWN_KIND = 'of a kind that this version does not know'
const UNREADABLE = 'not readable'

/** Something that was received and is not used. */
const dropped = (what: keyof typeof UNITS, reason: string, help: string): Counter => ({
  metric: 'lvsm_dropped_total',
  labels: { what, reason },
  unit: UNITS[what],
  help,
})
const counted = (metric: MetricName, unit: Counter['unit'], help: string, labels: Counter['labels'] = {}): Counter => ({
  metric,
  labels,
  unit,
  help,
})
const notWritten = (file: string): Counter =>
  counted('lvsm_state_write_failures_total', ['write', 'writes'], `of the ${file} that failed`, { file })

export const COUNTERS = {
  'drop-short': dropped('datagram', 'short', 'too short'),
  'drop-long': dropped('datagram', 'long', 'too long'),
  'drop-version': dropped('datagram', 'version', 'not of this protocol version'),
  'drop-key': dropped('datagram', 'key', 'signed with an unknown key'),
  'drop-mac': dropped('datagram', 'mac', 'with a wrong signature'),
  'drop-cluster': dropped('datagram', 'cluster', 'of another cluster'),
  'drop-kind': dropped('datagram', 'kind', UNKNOWN_KIND),
  'drop-malformed': dropped('datagram', 'malformed', 'signed, but not readable'),
  'drop-replay': dropped('datagram', 'replay', 'that came before: replayed'),
  'drop-copy': dropped('datagram', 'copy', 'that came before over another link, long ago'),
  'drop-stale': dropped('datagram', 'stale', 'too old: replayed or very late'),
  'drop-jump': dropped('datagram', 'jump', 'numbered far ahead of all others of its sender'),
  'drop-retired-incarnation': dropped('datagram', 'retired-incarnation', 'of an earlier start of their node'),
  'drop-unknown-node': dropped('datagram', 'unknown-node', 'of a node that the configuration does not know'),
  'drop-unknown-link': dropped('datagram', 'unknown-link', 'over a link too many'),
  'drop-not-for-me': dropped('datagram', 'not-for-me', 'for an earlier start of this node'),
  'drop-cloned-voter': dropped('datagram', 'cloned-voter', 'a vote of a node that two machines may call themselves'),
  'drop-message-unknown-kind': dropped('message', 'unknown-kind', UNKNOWN_KIND),
  'drop-message-newer': dropped('message', 'newer', 'for newer versions only'),
  'drop-message-malformed': dropped('message', 'malformed', UNREADABLE),
  'drop-to-lease-unknown-kind': dropped('to-lease', 'unknown-kind', UNKNOWN_KIND),
  'drop-to-lease-malformed': dropped('to-lease', 'malformed', UNREADABLE),
  'drop-from-lease-unknown-kind': dropped('from-lease', 'unknown-kind', UNKNOWN_KIND),
  'drop-from-lease-malformed': dropped('from-lease', 'malformed', UNREADABLE),
  'drop-request-unknown-path': dropped('request', 'unknown-path', UNKNOWN_KIND),
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
  'state-write-failed': notWritten('lease state'),
  'view-write-failed': notWritten('last view'),
  'file-version': counted('lvsm_strange_files_total', ['file', 'files'], 'of another version, put aside'),
  'file-damaged': counted('lvsm_damaged_files_total', ['file', 'files'], 'damaged, and not used'),
} as const satisfies Readonly<Record<string, Counter>>

/** `send-ENETUNREACH` and the like: what the kernel answered to a send. */
export type CounterName = keyof typeof COUNTERS | `send-${string}`

const SEND = 'send-'

/** Null for a counter of another version. */
export function counterOf(name: string): Counter | null {
  if (Object.hasOwn(COUNTERS, name)) return COUNTERS[name as keyof typeof COUNTERS]
  if (!name.startsWith(SEND)) return null
  const code = name.slice(SEND.length)
  return counted('lvsm_send_failures_total', ['datagram', 'datagrams'], `not sent: ${code}`, { code })
}
/** Does it count what was received and not used? */
export const isDrop = (name: string): boolean => name.startsWith('drop-')
