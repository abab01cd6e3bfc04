/** What the configuration calls what the kernel has. */
import type { NamedService, Names } from '@lvsm/protocol'

export interface Naming {
  readonly names: Names
  serviceOf(key: string): NamedService | null
  /** Of a service; null: it has no such realserver. */
  nodeOf(service: NamedService, key: string): string | null
}

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
