/**
 * A server that was stopped (state T), or is frozen with its control group: the kernel of its machine still takes connections for it, so that a check of the port alone is well, and
 * clients wait. A queue alone is no sign, for each busy server has one: nobody may have accepted anything from one look to the next, and all programs
 * that have the socket must be known to be stopped; where this process may not see whose it is, all of the control group that it was made in. Else
 * stopped programs are evidence for a queue that is full, and no more.
 */
import { endpointText, type Severity, type Trouble, listed } from '@lvsm/base'
import type { OwnArrival } from '@lvsm/model'
import { type FoundSocket, socketsAt } from './listening.ts'

/** So many in a row: somebody looks at it with a debugger for a moment. */
const LOOKS = 2
/** Of who stands behind a queue is asked so soon, and so often before it is left to looks as they come. */
const SOON_LOOKS = 8

/** How a server answers nobody. */
export interface Silent {
  /** Its queue takes nobody any more. */
  readonly isFull: boolean
  /** Others at that place answer. */
  readonly isPart: boolean
}

type By = NonNullable<FoundSocket['stopped']>
interface Waiting {
  readonly arrival: OwnArrival
  /** So many in a row found somebody waiting, and none fewer than the one before. */
  readonly looks: number
  /** So many of the last ones found that all who could accept are stopped. */
  readonly sure: number
  readonly queue: number
  readonly by: By | null
  /** Others share what comes to that place (SO_REUSEPORT), and are not known to be stopped. */
  readonly others: boolean
}
/** By service and place: behind one place may stand several services. */
export type StoppedServers = ReadonlyMap<string, Waiting>
export const NOBODY_STOPPED: StoppedServers = new Map()

const nameOf = ({ service, address, port }: OwnArrival): string => `${service} ${address} ${port}`

export function stoppedNow(
  before: StoppedServers,
  arrivals: readonly OwnArrival[],
  found: readonly FoundSocket[] | null,
): StoppedServers {
  return new Map(
    arrivals.flatMap((arrival): [string, Waiting][] => {
      if (arrival.protocol !== 'tcp') return []
      const there = socketsAt(found ?? [], arrival)
      const isSure = ({ stopped }: FoundSocket): boolean => stopped?.sure === true
      const one = there.find(isSure) ?? there.toSorted((a, b) => b.queue - a.queue)[0]
      if (!one || one.queue === 0) return []
      const name = nameOf(arrival)
      const last = before.get(name)
      const more = last && last.queue <= one.queue ? last : null
      const [looks, sure] = [(more?.looks ?? 0) + 1, isSure(one) ? (more?.sure ?? 0) + 1 : 0]
      const others = there.some((other) => !isSure(other))
      return [[name, { arrival, looks, sure, queue: one.queue, by: one.stopped ?? null, others }]]
    }),
  )
}

/** Ports of which is asked who stands behind them. */
export const crowdedPorts = (servers: StoppedServers): number[] => [
  ...new Set([...servers.values()].flatMap(({ looks, arrival }) => (looks >= LOOKS ? [arrival.port] : []))),
]
export const isNewlyWaiting = (servers: StoppedServers): boolean =>
  [...servers.values()].some(({ looks }) => looks >= LOOKS && looks < SOON_LOOKS)

export const stoppedTroubles = (
  servers: StoppedServers,
  node: string,
  severityOf: (arrival: OwnArrival, how: Silent) => Severity,
): Trouble[] =>
  [...servers.values()].flatMap(({ arrival, sure, queue, by, others }) => {
    if (sure < LOOKS || !by) return []
    const { service, address, port } = arrival
    const at = endpointText(address, port)
    return [
      {
        ...{
          code: 'stopped-process',
          severity: severityOf(arrival, { isFull: false, isPart: others }),
          object: `service ${service}`,
        },
        message: `the server of service ${service} on ${node}, ${named(by)}, is ${howHeld(by)}: ${others ? `of those who connect to ${at}, whoever is given to it` : `who connects to ${at}`} waits in vain`,
        evidence: `${seen(by)}; ss -ltn: ${queue} wait at ${at}`,
        hint: `on ${node}: ${mend(by)}`,
      },
    ]
  })

/** Files that thaw those of them that are frozen. */
const freezersOf = ({ programs }: By): string[] => [...new Set(programs.flatMap(({ frozen }) => frozen ?? []))]
const stoppedOf = ({ programs }: By): By['programs'] => programs.filter(({ frozen }) => frozen === undefined)
const howHeld = (by: By): string =>
  [
    ...(stoppedOf(by).length > 0 ? ['stopped (state T)'] : []),
    ...(freezersOf(by).length > 0 ? ['frozen with its control group'] : []),
  ].join(', or ')
const seen = (by: By): string =>
  [
    ...stoppedOf(by)
      .slice(0, 1)
      .map(({ pid }) => `/proc/${pid}/stat: T`),
    ...freezersOf(by).slice(0, 1).map(frozenText),
  ].join('; ')
/** In `cgroup.freeze` 1 is written to freeze a group, and in `freezer.state` of the first version a word. */
const isOlder = (file: string): boolean => file.endsWith('.state')
const frozenText = (file: string): string => `${file}: ${isOlder(file) ? 'FROZEN' : '1'}`
function mend(by: By): string {
  const pids = stoppedOf(by).map(({ pid }) => pid)
  const thaws = freezersOf(by).map((file) => `echo ${isOlder(file) ? 'THAWED' : '0'} >${file}`)
  return [
    ...(pids.length > 0 ? [`find who stopped it (a debugger? kill -STOP?), and: kill -CONT ${pids.join(' ')}`] : []),
    ...(thaws.length > 0 ? [`docker unpause, where a container was paused; else: ${thaws.join('; ')}`] : []),
  ].join('; ')
}

const MOST_NAMED = 3
const named = ({ programs }: By): string =>
  listed(
    programs.map(({ pid, name }) => `${name} (process ${pid})`),
    MOST_NAMED,
  )

/** It explains a queue that is full there. */
export function isStopped(servers: StoppedServers, arrival: OwnArrival): boolean {
  const one = servers.get(nameOf(arrival))
  return one !== undefined && one.sure >= LOOKS && !one.others
}
/** What may stand behind a queue that is full there; empty: nothing is known. */
export function perhapsStopped(servers: StoppedServers, arrival: OwnArrival): string {
  const by = servers.get(nameOf(arrival))?.by
  return by ? `${howHeld(by)} on that machine, and perhaps that server: ${named(by)}` : ''
}
