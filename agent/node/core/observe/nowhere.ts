/**
 * A service whose server listens nowhere on its realserver, while the owner's checks of it are refused: the kernel refuses in place of a
 * program. A check alone cannot tell that from a packet filter that rejects; and this machine alone cannot tell it from a server in another
 * network namespace, to which a rule turns what arrives: then the checks are well, and nothing is said (`nowhere-told.ts`).
 */
import type { OwnArrival } from '@lvsm/model'
import { type FoundSocket, socketsAt } from './listening.ts'
import { type Found, foundAgain } from './looks.ts'

export interface Gone {
  readonly arrival: OwnArrival
  /** Ports of TCP at which somebody listens. */
  readonly others: readonly number[]
  /** Addresses at which somebody listens at that very port. */
  readonly elsewhere: readonly string[]
}
/** By name of the place. */
export type Nowhere = Found<Gone>
export const NOBODY_NOWHERE: Nowhere = new Map()

/** Sockets that cannot be read say nothing. */
export function nowhereNow(
  before: Nowhere,
  arrivals: readonly OwnArrival[],
  found: readonly FoundSocket[] | null,
): Nowhere {
  if (found === null) return NOBODY_NOWHERE
  const ports = new Set(found.flatMap(({ protocol, port }) => (protocol === 'tcp' ? [port] : [])))
  const others = [...ports].toSorted((a, b) => a - b)
  return foundAgain(
    before,
    arrivals.flatMap((arrival): [string, Gone][] => {
      const { service, protocol, port, own } = arrival
      const listens = (address: string): boolean => socketsAt(found, { protocol, address, port }).length > 0
      if (protocol !== 'tcp' || listens(arrival.address) || listens(own)) return []
      const there = found.filter((one) => one.protocol === 'tcp' && one.port === port)
      const elsewhere = [...new Set(there.map(({ address }) => address))].toSorted()
      return [[`${service} ${own} ${port}`, { arrival, others, elsewhere }]]
    }),
  )
}
