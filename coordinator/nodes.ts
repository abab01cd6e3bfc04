/** What a coordinator does for the nodes, and what the nodes say of themselves makes it do. */
import { type Trouble, VERSION } from '@lvsm/base'
import { MODEL_VERSION } from '@lvsm/changes'
import { boottime } from '@lvsm/kernel'
import type { NodeTrouble, VersionsReport } from '@lvsm/protocol'
import { Feed } from './adapters/feed/feed.ts'
import type { NodeServer } from './adapters/links/node-server.ts'
import { versionsOf } from './api/versions.ts'
import { alarmsOf } from './alarms.ts'
import { answerOf, type Cluster, clusterOf, type ClusterWorld } from './cluster.ts'
import type { Clocks } from './clocks.ts'
import type { CoordinatorStatus } from './configuration.ts'
import type { Coordinator } from './coordinator.ts'
import type { Counts } from './counts.ts'
import { Electing } from './electing.ts'
import { Keying } from './keying.ts'
import type { LinksPort, NodesMessage } from './ports.ts'
import { ClusterRecorder } from './recording.ts'
import { Reports } from './reports.ts'
import { seatTroubles } from './seats.ts'
import type { Troubles } from './troubles.ts'

/** Who knows better than whoever asks; they come after the coordinator. */
export interface Watching {
  electing: Electing | null
  spoken: () => VersionsReport | null
}

export interface Served {
  readonly feed: Feed
  readonly reports: Reports
  readonly cluster: Cluster
  readonly recorder: ClusterRecorder
  /** From another coordinator. */
  heard(message: NodesMessage): void
  close(): void
}

export interface ServingParts {
  /** Of the coordinator. */
  readonly node: string
  readonly troubles: Troubles
  readonly counts: Counts
  readonly watching: Watching
  readonly clocks: Clocks
}

/** Milliseconds that only grow. */
export const ticks = (): number => performance.now()

function seats(coordinator: Coordinator): Trouble[] {
  const state = coordinator.known()
  return state ? seatTroubles(state, new Set([...coordinator.records().values()].map(({ name }) => name))) : []
}

interface AlarmParts extends Pick<ServingParts, 'node' | 'troubles'> {
  readonly reports: Pick<Reports, 'silentMs'>
}
function alarmsHere(coordinator: Coordinator, { node, reports, troubles }: AlarmParts): ReturnType<typeof alarmsOf> {
  const { raft, members } = coordinator.status()
  const others = raft.membership.members
    .filter(({ id, role }) => id !== raft.id && role === 'voter')
    .map(({ id }) => ({ name: members.get(id)?.name ?? String(id), silentMs: reports.silentMs(id) }))
  const all = [...troubles.present(), ...seats(coordinator)]
  return alarmsOf({ node, disk: raft.disk, hasLeader: raft.leader !== null, others, troubles: all })
}

/** What is heard beside the agents' reports: which revision and keys each uses, and what is wrong with the other coordinators. */
const besideOf = (reports: Reports, coordinator: Coordinator): Required<Pick<ClusterWorld, 'progress' | 'others'>> => ({
  progress: () => reports.all(),
  others: () => toldBy(reports, coordinator.status()),
})
const toldBy = (reports: Reports, { members }: CoordinatorStatus): NodeTrouble[] =>
  reports
    .othersTroubles()
    .flatMap(([id, said]) => said.map((trouble) => ({ ...trouble, node: members.get(id)?.name ?? String(id) })))

/** Null: there is no configuration yet. */
function spokenOf(coordinator: Coordinator, reports: Reports, cluster: Cluster): VersionsReport | null {
  const state = coordinator.known()
  const heard = { versions: () => reports.versions(), agentVersions: () => cluster.agentVersions() }
  return state && versionsOf(state, coordinator.status(), heard)
}

export function serveNodes(
  coordinator: Coordinator,
  { links, server }: { readonly links: LinksPort; readonly server: NodeServer },
  { node, troubles, counts, watching, clocks }: ServingParts,
): Served {
  const { id } = coordinator.status().raft
  const reports: Reports = new Reports({
    id,
    own: () => feed.progress(),
    speaks: { model: MODEL_VERSION, lvsm: VERSION },
    troubles: () => alarmsHere(coordinator, { node, reports, troubles }),
    others: () => coordinator.members().flatMap((member) => (member.id === id ? [] : [member.id])),
    nodes: () => new Set(coordinator.known()?.enrolled.nodes.map(({ name }) => name)),
    send: (message) => links.send(message),
    // Of a machine that slept, too: what it heard before is old then.
    clock: boottime,
    wallClock: Date.now,
    clocks,
  })
  const cluster = clusterOf({
    node,
    reported: reports.reported,
    known: () => coordinator.known(),
    troubles: () => [...troubles.present(), ...seats(coordinator)],
    ...besideOf(reports, coordinator),
    ...{ counters: () => counts.present(), clock: boottime },
  })
  const recorder = new ClusterRecorder({ node, status: cluster.clusterStatus, clock: boottime, wallClock: Date.now })
  const keying = new Keying({
    known: () => coordinator.known(),
    leads: () => coordinator.status().raft.role === 'leader',
    reports: () => reports.all(),
    write: (change) => coordinator.write(change),
    trouble: (trouble) => troubles.note('heartbeat keys', trouble),
    clock: boottime,
    wallClock: () => clocks.now(),
  })
  const feed: Feed = new Feed(coordinator, server, {
    count: counts.count,
    offered: (name, half) => keying.offered(name, half),
    report: (name, report) => reports.take(name, report),
    troubles: () => reports.troubles(),
    question: (...asked) => answerOf(cluster, ...asked),
  })
  const electing = new Electing({
    known: () => coordinator.known(),
    leads: () => coordinator.status().raft.role === 'leader',
    coordinators: () => [...coordinator.voters().values()],
    reports: () => reports.all(),
    write: (change) => coordinator.write(change),
    clock: boottime,
    wallClock: () => clocks.now(),
  })
  watching.electing = electing
  watching.spoken = () => spokenOf(coordinator, reports, cluster)
  const close = (): void => {
    for (const part of [electing, keying, recorder, reports, feed]) part.close()
  }
  return { feed, reports, cluster, recorder, heard: (message) => reports.heard(message), close }
}
