/** What the rules in front of the heartbeat ports must let through, from the view: where peers are, and how much one sends. */
import { type LeaseView } from '@lvsm/protocol'
import { isPillar } from './core/entitled.ts'
import { peerAddresses } from './adapters/network/sources.ts'
import { LANE } from './core/relay-lane.ts'
import type { HeartbeatPort } from './ports.ts'

/** Twice what agents tell each other in a second. */
const RELAYED = 2 * LANE.perSecond
/** For each keepalive: the heartbeat, one that is brought forward, one that tries a link, a greeting. */
const HEARTBEATS = 4
/** For each group and keepalive: a request each third of it while votes are missing, and the answers to ours. */
const PER_GROUP = 6

/** Of each of our links. `before`: the view that this one replaces; peers may still be where they were. */
export function heartbeatPorts(view: LeaseView, before: LeaseView | null): HeartbeatPort[] {
  const own = view.nodes.find(({ name }) => name === view.node)?.links ?? []
  return own.map(({ name, address, port }) => ({
    name,
    address,
    port,
    peers: peerAddresses(view, before, name),
    pillars: peerAddresses(view, before, name).filter(
      (one) => isOfPillar(view, name, one) || isOfPillar(before, name, one),
    ),
    ports: [...new Set([view, before].flatMap((one) => (one ? portsOn(one, name) : [])))],
  }))
}

const isOfPillar = (view: LeaseView | null, link: string, address: string): boolean =>
  view?.nodes.some(
    ({ name, links }) => isPillar(view, name) && links.some((one) => one.name === link && one.address === address),
  ) === true

const portsOn = ({ node, nodes }: LeaseView, link: string): number[] =>
  nodes
    .filter(({ name }) => name !== node)
    .flatMap(({ links }) => links.filter(({ name }) => name === link).map(({ port }) => port))

/** Datagrams that one peer may send over one link, each second: what it may have to, and hardly more. */
export const honestRate = ({ groups, timing: { keepaliveMs } }: LeaseView): number =>
  RELAYED + Math.ceil(((HEARTBEATS + PER_GROUP * groups.length) * 1000) / keepaliveMs)
