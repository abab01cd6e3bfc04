/**
 * A server whose accept queue is full: the kernel of its machine drops the first packets of whoever comes, so that checks and clients get no
 * answer, as behind a packet filter. Only the machine itself sees which it is, whatever the check wants of its own view.
 */
import { endpointText, familyOf, type Severity, type Trouble } from '@lvsm/base'
import type { OwnArrival } from '@lvsm/model'
import { type FoundSocket, socketsAt } from './listening.ts'
import { type Found, foundAgain, isSure, sureOf } from './looks.ts'
import type { Silent } from './stopped.ts'

interface Crowd {
  readonly arrival: OwnArrival
  /** Of those whose queue is full, the one where most wait beyond it. */
  readonly queue: number
  readonly most: number
  /** So many are full, of so many at that place. */
  readonly full: number
  readonly of: number
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
      const sockets = sharing(socketsAt(found, arrival), arrival)
      const place = `${arrival.service} ${arrival.address} ${arrival.port}`
      // That all of them are full is another trouble than that some are.
      for (const name of [place, `${place} of several`]) {
        const known = before.get(name)
        const isLeft = known !== undefined && isSure(known)
        const full = sockets.filter(({ queue, most }) => queue > (isLeft ? most / 2 : most))
        const [worst] = full.toSorted((a, b) => b.queue - b.most - (a.queue - a.most))
        if (worst && (name === place) === (full.length === sockets.length))
          return [[name, { arrival, queue: worst.queue, most: worst.most, full: full.length, of: sockets.length }]]
      }
      return []
    }),
  )
}

/** Those that the kernel shares connections out over (SO_REUSEPORT), whether one accepts or not: one of both families gets none of IPv4 beside one of its own. */
function sharing(sockets: readonly FoundSocket[], { address }: OwnArrival): readonly FoundSocket[] {
  const own = sockets.filter((one) => familyOf(one.address) === familyOf(address))
  return own.length > 0 ? own : sockets
}

/** `besides`: what else is known of that place. */
export const crowdTroubles = (
  crowded: Crowded,
  node: string,
  severityOf: (arrival: OwnArrival, how: Silent) => Severity,
  besides: (arrival: OwnArrival) => string = () => '',
): Trouble[] =>
  sureOf(crowded).map(({ arrival, queue, most, full, of }) => {
    const { service, address, port } = arrival
    const more = besides(arrival)
    const place = endpointText(address, port)
    const object = `service ${service}`
    const evidence = `ss -ltn: ${queue} wait, ${most} is the most${more === '' ? '' : `; ${more}`}`
    const severity = severityOf(arrival, { isFull: true, isPart: full < of })
    const named = `on ${node}: ss -ltnp 'sport = :${port}' names`
    if (full < of)
      return {
        ...{ code: 'accepts-some', severity, object, evidence },
        message: `${full} of ${of} listening sockets of service ${service} on ${node} at ${place} accept${full === 1 ? 's' : ''} no connections: as many wait as ${full === 1 ? 'its queue takes' : 'their queues take'}`,
        hint: `${named} the process of each; is one stopped or hung (ps: state T or D)? Restart it`,
      }
    return {
      ...{ code: 'accepts-nobody', severity, object, evidence },
      message: `the server of service ${service} on ${node} accepts no connections at ${place}: as many wait as its queue takes`,
      hint: `${named} its process; is it stopped or hung (ps: state T or D), or has it too few workers? Restart it, or give it more`,
    }
  })
