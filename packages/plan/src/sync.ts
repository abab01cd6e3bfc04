/**
 * Connection synchronisation: on a director of a group that can move both daemons run, because whoever owns it now may be a standby
 * in a second. The kernel's own daemons do the work (ip_vs_sync.c); they are state that is desired, repaired and taken away again.
 *
 * What the kernel does, and what follows of it:
 * * A packet of a client puts its connection into the master's buffer, once it is established; the buffer leaves when the next one
 *   does not fit, or when it is two seconds old (looked at each second). With room for one alone each connection pushes the one
 *   before it out within 20 ms, and only the last one waits, three seconds at most. It costs a datagram of 72 bytes for each of
 *   the three or four times that a connection is told of.
 * * With a threshold of `0 0` and a refresh period the first packet of an established connection counts; with the kernel's
 *   default (`3 50`) the third, so short requests and idle sessions are never told.
 * * After each refresh period the next packet tells of the connection again: that is how a standby that was away learns of old ones.
 * * `backup_only` beside both daemons would switch IPVS off where the group is owned (TRAPS.md, row 9).
 */
import { familyOf } from '@lvsm/base'
import type { NodeView } from '@lvsm/model'
import type { HostNetwork } from './host-network.ts'
import type { Operation } from './operation.ts'
import { SYNC_KEY } from './record.ts'
import { syncSource } from './sync-source.ts'
import type { DesiredSysctl } from './sysctls.ts'

export interface SyncDaemon {
  readonly state: 'master' | 'backup'
  readonly interface: string
  readonly syncId: number
  /** Bytes of a datagram, without headers. */
  readonly longest: number
  readonly group: string
  readonly port: number
  readonly ttl: number
}
export interface DesiredSync {
  /** Null: this node has no interface with its own address on the link. */
  readonly interface: string | null
  readonly daemons: readonly SyncDaemon[]
  /** Of the other directors: from everybody else the port is closed. */
  readonly peers: readonly string[]
  /** What the kernel binds a daemon to when it starts, and never looks at again. */
  readonly bound: SyncBound | null
}
interface SyncBound {
  /** Of the interface: another one of the same name hears nothing. */
  readonly index: number
  /** The address of the interface that the kernel chooses (sync-source.ts); null: it has none. */
  readonly source: string | null
}

/** No room for a second connection. */
const ONE_CONNECTION = 1
/** The kernel's own: of an Ethernet frame. */
const WHOLE_FRAME = 1472
/** Of each daemon's socket, as far as net.core.rmem_max and wmem_max let it; counts from the daemon's start. */
const SOCKET_BYTES = 4 << 20
/** Threads of each daemon, and ports; counts from the start of the first one. */
const ONE_PORT = '1'
/** Seconds: within this time, and its next packet, a standby that was away knows a connection. */
export const REFRESH_SECONDS = 10

export function desiredSync({ sync }: NodeView, host: HostNetwork): DesiredSync | null {
  if (sync === null) return null
  const { id: syncId, group, port, address, peers } = sync
  const place = host.addresses.find((entry) => entry.address === address)
  const link = host.links.find(({ index }) => index === place?.index)
  if (!link) return { interface: null, daemons: [], peers, bound: null }
  const shared = { interface: link.name, syncId, group, port, ttl: 1 }
  return {
    interface: link.name,
    daemons: [
      { state: 'backup', ...shared, longest: WHOLE_FRAME },
      { state: 'master', ...shared, longest: ONE_CONNECTION },
    ],
    peers,
    bound: { index: link.index, source: syncSource(host.addresses, link.index, familyOf(group)) },
  }
}

/** For the record: what the daemons were started on. */
export const boundWords = ({ bound }: DesiredSync): string[] =>
  bound === null ? [] : [`interface ${bound.index}`, `source ${bound.source ?? 'none'}`]
/** They run on what is there no more; a record of an earlier version does not say on what. */
const isBoundElsewhere = (sync: DesiredSync, started: ReadonlySet<string>): boolean =>
  started.size > 0 && boundWords(sync).some((word) => !started.has(word))

const PORTS = 'net/ipv4/vs/sync_ports'
interface Running {
  readonly syncDaemons?: readonly SyncDaemon[] | null
  readonly sysctls: HostNetwork['sysctls']
}
/**
 * After the table: a connection that is told of finds its destination. One daemon of each state there can be, so another one makes room. Who runs on
 * what is gone, or has more threads than we want, looks as it should, and is started anew.
 */
export function syncOperations(
  { syncDaemons: running, sysctls }: Running,
  sync: DesiredSync | null,
  record: ReadonlyMap<string, ReadonlySet<string>>,
): Operation[] {
  if (!running) return []
  const wanted = sync?.daemons ?? []
  const ours = record.get(SYNC_KEY)
  const ports = sysctls?.get(PORTS) ?? ONE_PORT
  const isStale = sync !== null && (ports !== ONE_PORT || isBoundElsewhere(sync, ours ?? new Set()))
  const stands = (daemon: SyncDaemon): boolean => !isStale && wanted.some((one) => sameDaemon(one, daemon))
  const stopped = running.filter(
    (daemon) => !stands(daemon) && (ours !== undefined || wanted.some(({ state }) => state === daemon.state)),
  )
  const started = wanted.filter((daemon) => isStale || !running.some((one) => sameDaemon(one, daemon)))
  return [
    ...stopped.map((daemon): Operation => ({ kind: 'sync-stop', daemon })),
    ...started.map((daemon): Operation => ({ kind: 'sync-start', daemon })),
  ]
}

const WHY = 'the standby would not know what this node knows of connections'
const vs = (key: string, value: string, why = WHY): DesiredSysctl => ({
  ...{ path: `net/ipv4/vs/${key}`, value, accept: [value], why },
})
/** Settings of the daemons; what was there before is put back when they are no longer wanted. */
export const syncSysctls = (sync: DesiredSync | null): DesiredSysctl[] =>
  sync === null
    ? []
    : [
        vs('backup_only', '0', 'with both daemons the owner itself would forward nothing'),
        vs('sync_version', '1'),
        vs('sync_threshold', '0 0'),
        vs('sync_refresh_period', String(REFRESH_SECONDS)),
        vs('sync_retries', '1', 'a message that is lost would be made up for only after the refresh period'),
        vs('sync_persist_mode', '0'),
        vs(
          'sync_ports',
          ONE_PORT,
          'messages to further ports are heard by nobody, and those ports are open to everybody',
        ),
        vs('sync_sock_size', String(SOCKET_BYTES), 'messages that come at once would have no room'),
      ]

export const sameDaemon = (one: SyncDaemon, other: SyncDaemon): boolean => daemonText(one) === daemonText(other)
export const daemonText = ({ state, interface: on, syncId, longest, group, port, ttl }: SyncDaemon): string =>
  `${state} on ${on}, id ${syncId}, to ${group} port ${port}, ttl ${ttl}, ${longest} bytes`
