/** What the configuration calls what the kernel has. */
import { destKey, isAll, parseDestKey, serviceKey } from '@lvsm/model'
import type { ipvs } from '@lvsm/netlink'
import type { NamedService, Names } from '@lvsm/protocol'

type Whose = Pick<ipvs.Connection, 'protocol' | 'virtual'>
type Endpoint = ipvs.Connection['destination']

export interface Naming {
  readonly names: Names
  serviceOf(key: string): NamedService | null
  /** Of a service; null: it has no such realserver. */
  nodeOf(service: NamedService, key: string): string | null
  /** Connections do not tell by which mark they came in: one of a service on several ports is known by VIP, protocol and port. */
  serviceOfConnection(connection: Whose): NamedService | null
  /** Where connections of a service lead to, as the configuration has it; null: it has no such realserver. */
  realserverOf(service: NamedService, destination: Endpoint): NamedService['realservers'][number] | null
}

/** Of a check that goes through IPVS, here or on the director that tells of its connections: no client's. */
export const isOfCheck = (service: NamedService | null, client: { readonly address: string }): boolean =>
  service?.checkedFrom?.includes(client.address) === true

type Realservers = ReadonlyMap<string, NamedService['realservers'][number]>
/** A service that is not there has no realservers. */
const NONE: Realservers = new Map()

/** Configured for whichever port the client asks for. */
const anyPort = ({ address }: Endpoint): string => destKey({ address, port: 0 })
export const isForAnyPort = (key: string): boolean => parseDestKey(key)?.port === 0

export function namingOf(names: Names): Naming {
  const services = new Map(names.services.map((service) => [service.key, service]))
  const realservers = new Map(
    names.services.map((service) => [service.name, new Map(service.realservers.map((one) => [one.key, one]))]),
  )
  const of = ({ name }: NamedService): Realservers => realservers.get(name) ?? NONE
  const onPorts = servicesOnPorts(names)
  return {
    names,
    serviceOf: (key) => services.get(key) ?? null,
    nodeOf: (service, key) => of(service).get(key)?.node ?? null,
    serviceOfConnection: ({ protocol, virtual }) =>
      services.get(serviceKey({ protocol, ...virtual })) ?? onPorts({ protocol, virtual }),
    realserverOf: (service, destination) =>
      of(service).get(destKey(destination)) ?? of(service).get(anyPort(destination)) ?? null,
  }
}

interface OnPorts {
  readonly from: number
  readonly to: number
  readonly service: NamedService
}

/** Whoever has all ports of an address has what the others leave (as `marksOf` of packages/plan has it). */
function servicesOnPorts({ services }: Names): (connection: Whose) => NamedService | null {
  const places = new Map<string, OnPorts[]>()
  for (const service of services)
    for (const protocol of service.onPorts?.protocols ?? []) {
      const place = `${protocol} ${service.onPorts?.address}`
      const ranges = service.onPorts?.ranges.map((range) => ({ ...range, service })) ?? []
      places.set(place, [...(places.get(place) ?? []), ...ranges])
    }
  for (const ranges of places.values()) ranges.sort((one, other) => Number(isAll(one)) - Number(isAll(other)))
  return ({ protocol, virtual: { address, port } }) =>
    places.get(`${protocol} ${address}`)?.find(({ from, to }) => from <= port && port <= to)?.service ?? null
}
