/** The kernel's counts under the names of the configuration. */
import type { Counted, NamedService, Owners, RealserverStats, ServiceStats, StatsReport, Traffic } from '@lvsm/protocol'
import { destKey } from '@lvsm/model'
import type { ipvs } from '@lvsm/netlink'
import type { Naming } from './named.ts'

export interface ServiceReading {
  /** `serviceKey`. */
  readonly key: string
  readonly stats: ipvs.Stats
  readonly destinations: readonly ipvs.Destination[]
}

const ZERO: Traffic = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 }
const NOTHING: Counted = { active: 0, inactive: 0, persistent: 0, totals: ZERO, rates: ZERO }

const totalsOf = ({ connections, inPackets, outPackets, inBytes, outBytes }: ipvs.Stats): Traffic => ({
  connections,
  inPackets,
  outPackets,
  inBytes,
  outBytes,
})
const ratesOf = (stats: ipvs.Stats): Traffic => ({
  connections: stats.connectionsPerSecond,
  inPackets: stats.inPacketsPerSecond,
  outPackets: stats.outPacketsPerSecond,
  inBytes: stats.inBytesPerSecond,
  outBytes: stats.outBytesPerSecond,
})

const sum = <Item>(items: readonly Item[], of: (item: Item) => number): number =>
  items.reduce((all, one) => all + of(one), 0)
const trafficSum = (all: readonly Traffic[]): Traffic => ({
  connections: sum(all, (one) => one.connections),
  inPackets: sum(all, (one) => one.inPackets),
  outPackets: sum(all, (one) => one.outPackets),
  inBytes: sum(all, (one) => one.inBytes),
  outBytes: sum(all, (one) => one.outBytes),
})
const connectionsSum = (all: readonly Counted[]): Pick<Counted, 'active' | 'inactive' | 'persistent'> => ({
  active: sum(all, (one) => one.active),
  inactive: sum(all, (one) => one.inactive),
  persistent: sum(all, (one) => one.persistent),
})

/** `readings`: null where the kernel has no IPVS. `estimates`: does it make rates? */
export function statsOf(
  naming: Naming,
  readings: readonly ServiceReading[] | null,
  owners: Owners,
  estimates = true,
): StatsReport {
  const { names } = naming
  const read = new Map(readings?.map((reading) => [reading.key, reading]))
  const services = names.services.map((service) => serviceStats(naming, service, read.get(service.key)))
  const groups = names.groups.map(({ name, directed }) => {
    const own = services.filter(({ group }) => group === name)
    const totals = trafficSum(own.map((one) => one.totals))
    const rates = trafficSum(own.map((one) => one.rates))
    return { name, owner: owners[name] ?? null, directed, ...connectionsSum(own), totals, rates }
  })
  const { cluster, node, revision } = names
  return { cluster, node, revision, ipvs: readings !== null, ...(estimates ? {} : { estimates }), groups, services }
}

function serviceStats(naming: Naming, named: NamedService, reading: ServiceReading | undefined): ServiceStats {
  const { name, group, key: what, realservers: configured } = named
  const present = reading?.destinations.map((one) => realserverStats(naming, named, one)) ?? []
  const known = new Set(present.map(({ address }) => address))
  const absent = configured
    .filter(({ key }) => !known.has(key))
    .map(({ node, key: address }): RealserverStats => ({ node, address, weight: 0, ...NOTHING }))
  const places = new Map(configured.map(({ key }, at) => [key, at]))
  const placeOf = ({ address }: RealserverStats): number => places.get(address) ?? configured.length
  const realservers = [...present, ...absent].toSorted((one, other) => placeOf(one) - placeOf(other))
  const traffic = reading ? { totals: totalsOf(reading.stats), rates: ratesOf(reading.stats) } : {}
  return {
    name,
    group,
    what,
    present: reading !== undefined,
    ...NOTHING,
    ...connectionsSum(realservers),
    ...traffic,
    realservers,
  }
}

function realserverStats(naming: Naming, service: NamedService, destination: ipvs.Destination): RealserverStats {
  const { weight, activeConnections, inactiveConnections, persistentConnections, stats } = destination
  const address = destKey(destination)
  return {
    node: naming.nodeOf(service, address),
    address,
    weight,
    active: activeConnections,
    inactive: inactiveConnections,
    persistent: persistentConnections,
    totals: totalsOf(stats),
    rates: ratesOf(stats),
  }
}
