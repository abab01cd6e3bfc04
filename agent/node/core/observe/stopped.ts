/**
 * A server that was stopped (state T): the kernel of its machine still takes connections for it, so that a check of the port alone is well, and
 * clients wait. Told where somebody waits to be accepted at two looks in a row; whose the socket is may be hidden from this process.
 */
import { endpointText, type Trouble } from '@lvsm/base'
import type { OwnArrival } from '@lvsm/model'
import { type FoundSocket, socketsAt } from './listening.ts'

/** Somebody who looks at it with a debugger for a moment is none. */
const LOOKS = 2

interface Stopped {
  readonly arrival: OwnArrival
  readonly looks: number
  readonly queue: number
  readonly by: NonNullable<FoundSocket['stopped']>
}
/** By place. */
export type StoppedServers = ReadonlyMap<string, Stopped>
export const NOBODY_STOPPED: StoppedServers = new Map()

export function stoppedNow(
  before: StoppedServers,
  arrivals: readonly OwnArrival[],
  found: readonly FoundSocket[] | null,
): StoppedServers {
  return new Map(
    arrivals.flatMap((arrival): [string, Stopped][] => {
      // Several at one place share what comes (SO_REUSEPORT): one that is stopped holds its part.
      const one = socketsAt(found ?? [], arrival).find(({ stopped }) => stopped !== undefined)
      if (one?.stopped === undefined) return []
      const name = `${arrival.address} ${arrival.port}`
      return [[name, { arrival, looks: (before.get(name)?.looks ?? 0) + 1, queue: one.queue, by: one.stopped }]]
    }),
  )
}

export const stoppedTroubles = (servers: StoppedServers, node: string): Trouble[] =>
  [...servers.values()].flatMap(({ arrival, looks, queue, by }) => {
    if (looks < LOOKS) return []
    const { service, address, port } = arrival
    const at = endpointText(address, port)
    const program = `${by.name} (process ${by.pid})`
    return [
      {
        ...{ code: 'stopped-process', severity: 'critical', object: `service ${service}` },
        message: by.sure
          ? `the server of service ${service} on ${node}, ${program}, is stopped (state T): who connects to ${at} waits for nothing`
          : `nobody on ${node} accepts at ${at} for service ${service}, and ${program} there is stopped (state T): it may be that server`,
        evidence: `/proc/${by.pid}/stat: T; ss -ltn: ${queue} wait at ${at}`,
        hint: `on ${node}: find who stopped it (a debugger? kill -STOP?), and: kill -CONT ${by.pid}`,
      },
    ]
  })

/** It explains a queue that is full. */
export const isStopped = (servers: StoppedServers, { object }: Trouble): boolean =>
  [...servers.values()].some(({ arrival, looks }) => looks >= LOOKS && object === `service ${arrival.service}`)
