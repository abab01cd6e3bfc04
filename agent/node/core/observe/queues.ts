/**
 * A server whose accept queue is full: the kernel of its machine drops the first packets of whoever comes, so that checks and clients get no
 * answer, as behind a packet filter. Only the machine itself sees which it is, whatever the check wants of its own view.
 */
import { endpointText, type Trouble } from '@lvsm/base'
import type { OwnArrival } from '@lvsm/model'
import { type FoundSocket, socketsAt } from './listening.ts'
import { type Found, foundAgain, isSure, sureOf } from './looks.ts'

interface Crowd {
  readonly arrival: OwnArrival
  readonly queue: number
  readonly most: number
}
/** By service and place, for behind one place may stand several services: the queue was full at so many looks in a row, or was, and half of it is not gone yet. */
export type Crowded = Found<Crowd>
export const NOBODY_WAITS: Crowded = new Map()

export function crowdedNow(
  before: Crowded,
  arrivals: readonly OwnArrival[],
  found: readonly FoundSocket[] | null,
): Crowded {
  if (found === null) return NOBODY_WAITS
  return foundAgain(
    before,
    arrivals.flatMap((arrival): [string, Crowd][] => {
      if (arrival.protocol !== 'tcp') return []
      // Several at one place share what comes (SO_REUSEPORT): as long as one accepts, clients are served.
      const [emptiest] = socketsAt(found, arrival).toSorted((a, b) => a.queue - a.most - (b.queue - b.most))
      const name = `${arrival.service} ${arrival.address} ${arrival.port}`
      const known = before.get(name)
      if (!emptiest || emptiest.queue <= (known && isSure(known) ? emptiest.most / 2 : emptiest.most)) return []
      return [[name, { arrival, queue: emptiest.queue, most: emptiest.most }]]
    }),
  )
}

/** `besides`: what else is known of that place. */
export const crowdTroubles = (
  crowded: Crowded,
  node: string,
  besides: (arrival: OwnArrival) => string = () => '',
): Trouble[] =>
  sureOf(crowded).map(({ arrival, queue, most }) => {
    const { service, address, port } = arrival
    const more = besides(arrival)
    return {
      ...{ code: 'accepts-nobody', severity: 'critical', object: `service ${service}` },
      message: `the server of service ${service} on ${node} accepts no connections at ${endpointText(address, port)}: as many wait as its queue takes`,
      evidence: `ss -ltn: ${queue} wait, ${most} is the most${more === '' ? '' : `; ${more}`}`,
      hint: `on ${node}: ss -ltnp 'sport = :${port}' names its process; is it stopped or hung (ps: state T or D), or has it too few workers? Restart it, or give it more`,
    }
  })
