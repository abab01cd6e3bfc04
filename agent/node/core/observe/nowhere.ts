/**
 * A service whose server listens nowhere on its realserver, while the owner's checks of it are refused: the kernel refuses in place of a
 * program. A check alone cannot tell that from a packet filter that rejects; and this machine alone cannot tell it from a server in another
 * network namespace, to which a rule turns what arrives: then the checks are well, and nothing is said.
 */
import { endpointText, listed, type Trouble } from '@lvsm/base'
import type { OwnArrival } from '@lvsm/model'
import { isRefused } from '@lvsm/protocol'
import { leaseStatus } from '../lease.ts'
import { destinationOf } from '../peers.ts'
import type { NodeState } from '../state.ts'
import { type FoundSocket, socketsAt } from './listening.ts'

/** One that starts anew is gone for a moment. */
const LOOKS = 2
const MOST_PORTS = 4

interface Gone {
  readonly arrival: OwnArrival
  readonly looks: number
  /** Ports at which somebody listens, by the same protocol. */
  readonly others: readonly number[]
}
/** By name of the place. */
export type Nowhere = ReadonlyMap<string, Gone>
export const NOBODY_NOWHERE: Nowhere = new Map()

/** Sockets that cannot be read say nothing. */
export function nowhereNow(
  before: Nowhere,
  arrivals: readonly OwnArrival[],
  found: readonly FoundSocket[] | null,
): Nowhere {
  if (found === null) return NOBODY_NOWHERE
  return new Map(
    arrivals.flatMap((arrival): [string, Gone][] => {
      const { service, protocol, port, own } = arrival
      const listens = (address: string): boolean => socketsAt(found, { protocol, address, port }).length > 0
      if (protocol !== 'tcp' || listens(arrival.address) || listens(own)) return []
      const name = `${service} ${own} ${port}`
      const others = found.flatMap((one) => (one.protocol === protocol ? [one.port] : []))
      const looks = (before.get(name)?.looks ?? 0) + 1
      return [[name, { arrival, looks, others: [...new Set(others)].toSorted((a, b) => a - b) }]]
    }),
  )
}

export const nowhereTroubles = (state: NodeState): Trouble[] =>
  [...state.sockets.nowhere.values()].flatMap((gone) =>
    gone.looks >= LOOKS && isRefusedHere(state, gone.arrival) ? [troubleOf(state.node, gone)] : [],
  )

/** As the owner's table says. */
function isRefusedHere(state: NodeState, { service, own, port }: OwnArrival): boolean {
  const group = state.config?.services.find(({ name }) => name === service)?.group
  const owner = leaseStatus(state)?.groups.find(({ name }) => name === group)?.owner ?? null
  const told = owner === null ? null : destinationOf(state, owner, service, endpointText(own, port))
  return told?.healthy === false && isRefused(told.reason)
}

function troubleOf(node: string, { arrival, others }: Gone): Trouble {
  const { service, own, port } = arrival
  const elsewhere = others.length === 0 ? '' : `; by TCP it listens at port ${listed(others.map(String), MOST_PORTS)}`
  return {
    ...{ code: 'nobody-listens', severity: 'warning', object: `service ${service}` },
    message: `no program listens on ${node} at ${endpointText(own, port)}, and connections of service ${service} are refused there`,
    evidence: `ss -ltn${elsewhere}`,
    hint: `on ${node}: start its server (systemctl status), or let it listen at port ${port}; ss -ltnp shows who listens where`,
  }
}
