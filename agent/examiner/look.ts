/** All that is read of a machine, in the network namespace of this process; what cannot be read is named. */
import type { AskedAnswer, MachineFacts } from '@lvsm/protocol'
import { readCounters } from './counters.ts'
import { readListeners } from './listeners.ts'
import { readLines } from './lines.ts'
import { kernelRelease, readModules, readSysctls } from './settings.ts'
import { readAnswers, readNetwork, readWays } from './network.ts'
import { readChains } from './chains.ts'
import { readIpvs } from './ipvs.ts'
import { readOffloads } from './offloads.ts'
import { isReadOnly, readDisks, readHeld, readStopped } from './held.ts'
import { readClosed, readDropRules, readFixedNeighbours, readNetem, readWayless, readWayRules } from './obstacles.ts'
import { readProcesses, readUnits } from './processes.ts'

export type Gap = MachineFacts['gaps'][number]

/** `towards`: addresses beside those of the IPVS table whose way is wanted; `answers`: what else may take one of its own. */
export function look(towards: readonly string[], answers: readonly AskedAnswer[] = []): MachineFacts {
  const gaps: Gap[] = []
  const attempt = <T>(what: string, otherwise: T, read: () => T): T => {
    try {
      return read()
    } catch (error) {
      gaps.push({ what, why: (error as Error).message })
      return otherwise
    }
  }
  const { links, addresses, routes, localRoutes } = attempt('links, addresses and routes', NO_NETWORK, readNetwork)
  const processes = attempt('processes', [], readProcesses)
  const ipvs = attempt('IPVS', null, readIpvs)
  const asked = [
    ...(ipvs?.services ?? []).flatMap(({ destinations }) => destinations.map((one) => one.address)),
    ...towards,
  ]
  const chains = attempt('rules of nf_tables', [], readChains)
  const targets = [...new Set(asked)]
  return {
    kernel: kernelRelease(),
    links,
    addresses,
    routes,
    ...(localRoutes ? { localRoutes } : {}),
    ways: attempt('ways to realservers', [], () => readWays(targets)),
    ...(answers.length > 0 ? { answers: attempt('ways of answers', [], () => readAnswers(answers)) } : {}),
    sysctls: readSysctls(links.map(({ name }) => name)),
    readOnly: isReadOnly('/proc/sys/net/ipv4/ip_forward'),
    modules: readModules(),
    ipvs,
    processes,
    units: readUnits(),
    lines: readLines(),
    counters: readCounters(),
    offloads: attempt('offloads', {}, () =>
      readOffloads(links.filter((one) => one.up && !one.loopback).map(({ name }) => name)),
    ),
    listeners: readListeners(processes),
    chains,
    dropRules: attempt('rules that drop', [], () => readDropRules(chains)),
    netem: attempt('queueing disciplines', [], readNetem),
    closed: attempt('routes that lead nowhere', [], readClosed),
    wayRules: attempt('rules of policy routing', [], readWayRules),
    wayless: attempt('ways that are not there', [], () => readWayless(targets)),
    fixedNeighbours: attempt('neighbour entries', [], readFixedNeighbours),
    stopped: attempt('stopped processes', [], readStopped),
    disks: readDisks(processes),
    held: readHeld(processes),
    gaps,
  }
}
const NO_NETWORK: ReturnType<typeof readNetwork> = { links: [], addresses: [], routes: [] }
