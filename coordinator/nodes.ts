/** What a coordinator does for the nodes, and what the nodes say of themselves makes it do. */
import { VERSION } from '@lvsm/base'
import { MODEL_VERSION } from '@lvsm/changes'
import { boottime } from '@lvsm/kernel'
import { Feed, FEED_OPTIONS } from './adapters/feed/feed.ts'
import type { NodeServer } from './adapters/links/node-server.ts'
import type { Coordinator } from './coordinator.ts'
import { Electing } from './electing.ts'
import { Keying } from './keying.ts'
import type { LinksHeard, LinksPort, Nodes } from './ports.ts'
import { Reports } from './reports.ts'
import type { Troubles } from './troubles.ts'

/** Who watches them comes after the coordinator. */
export interface Voters {
  electing: Electing | null
}
/** What is heard before there is a coordinator is lost, as on any network. */
export class Hearing implements LinksHeard {
  to: LinksHeard | null = null
  nodes: (message: Nodes) => void = () => undefined
  heard: LinksHeard['heard'] = (message) => (message.kind === 'nodes' ? this.nodes(message) : this.to?.heard(message))
  snapshot: LinksHeard['snapshot'] = (message, state) => this.to?.snapshot(message, state)
}

export interface Served {
  readonly feed: Feed
  readonly reports: Reports
  close(): void
}
export function served(
  coordinator: Coordinator,
  { links, server }: { links: LinksPort; server: NodeServer },
  hearing: Hearing,
  { voters, troubles }: { readonly voters: Voters; readonly troubles: Troubles },
): Served {
  const keying = new Keying({
    known: () => coordinator.known(),
    leads: () => coordinator.status().raft.role === 'leader',
    reports: () => reports.all(),
    write: (change) => coordinator.write(change),
    trouble: (trouble) => troubles.note('heartbeat keys', trouble),
    clock: boottime,
    wallClock: Date.now,
  })
  const feed = new Feed(
    coordinator,
    server,
    () => undefined,
    FEED_OPTIONS,
    (node, key) => keying.offered(node, key),
  )
  const { id } = coordinator.status().raft
  const reports = new Reports({
    id,
    own: () => feed.progress(),
    speaks: { model: MODEL_VERSION, lvsm: VERSION },
    others: () => coordinator.members().flatMap((member) => (member.id === id ? [] : [member.id])),
    send: (message) => links.send(message),
    clock: () => performance.now(),
  })
  hearing.nodes = (message) => reports.heard(message)
  const electing = new Electing({
    known: () => coordinator.known(),
    leads: () => coordinator.status().raft.role === 'leader',
    coordinators: () => coordinator.voters(),
    reports: () => reports.all(),
    write: (change) => coordinator.write(change),
    clock: boottime,
    wallClock: Date.now,
  })
  voters.electing = electing
  const close = (): void => {
    for (const part of [electing, keying, reports, feed]) part.close()
  }
  return { feed, reports, close }
}
