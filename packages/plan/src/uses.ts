/** What of the cluster leaves by which interface: asked of each address once, for there may be thousands of realservers, and of services that share them. */
import type { NodeView } from '@lvsm/model'
import { type HostNetwork, interfaceFor } from './host-network.ts'

export const CLIENTS = 'what clients get'

export interface Uses {
  /** Heartbeat links. */
  readonly links: readonly string[]
  /** What is served by it. */
  readonly serves: readonly string[]
}

/** By the name of each interface by which something goes. */
export function usesByInterface(
  { node, directs, services, answersFor, gateways }: NodeView,
  host: HostNetwork,
): ReadonlyMap<string, Uses> {
  const asked = new Map<string, string | null>()
  const devOf = (address: string): string | null => {
    const known = asked.get(address)
    if (known !== undefined) return known
    const dev = interfaceFor(host, address)?.name ?? null
    asked.set(address, dev)
    return dev
  }
  const links = new Map<string, string[]>()
  for (const { name, address } of node.links) {
    const dev = devOf(address)
    if (dev !== null) links.set(dev, [...(links.get(dev) ?? []), name])
  }
  const serves = new Map<string, Set<string>>()
  const isServed = (dev: string | null, what: string): void => {
    if (dev !== null) serves.set(dev, (serves.get(dev) ?? new Set()).add(what))
  }
  for (const { addresses } of directs)
    for (const one of addresses) isServed(one.interface ?? devOf(one.address), CLIENTS)
  for (const { realservers } of services)
    for (const { address } of realservers) isServed(devOf(address), 'what realservers get')
  for (const { address } of answersFor) isServed(devOf(address), 'answers to clients')
  for (const address of gateways) isServed(devOf(address), 'answers to clients')
  const devs = new Set([...links.keys(), ...serves.keys()])
  return new Map([...devs].map((dev) => [dev, { links: links.get(dev) ?? [], serves: [...(serves.get(dev) ?? [])] }]))
}

/** As a list of a sentence. */
export const usesText = ({ links, serves }: Uses): string =>
  [...links.map((name) => `heartbeat link ${name}`), ...serves].join(', ')
