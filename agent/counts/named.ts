/** What the configuration calls what the kernel has. */
import type { NamedService, Names } from '@lvsm/protocol'

export interface Naming {
  readonly names: Names
  serviceOf(key: string): NamedService | null
  /** Of a service; null: it has no such realserver. */
  nodeOf(service: NamedService, key: string): string | null
}

/** Of a check that goes through IPVS, here or on the director that tells of its connections: no client's. */
export const isOfCheck = (service: NamedService | null, client: { readonly address: string }): boolean =>
  service?.checkedFrom?.includes(client.address) === true

/** A service that is not there has no realservers. */
const NONE: ReadonlyMap<string, string> = new Map()

export function namingOf(names: Names): Naming {
  const services = new Map(names.services.map((service) => [service.key, service]))
  const nodes = new Map(
    names.services.map(({ name, realservers }) => [name, new Map(realservers.map(({ node, key }) => [key, node]))]),
  )
  return {
    names,
    serviceOf: (key) => services.get(key) ?? null,
    nodeOf: ({ name }, key) => (nodes.get(name) ?? NONE).get(key) ?? null,
  }
}
