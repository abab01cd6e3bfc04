/** Which interface an address belongs to. */
import { isOwnLabel } from '@lvsm/base'
import { hostPrefix, inNetwork } from '@lvsm/model'
import type { Observed, ObservedLink } from './observed.ts'

export type HostNetwork = Pick<Observed, 'links' | 'addresses' | 'localRoutes' | 'syncDaemons'> &
  Partial<Pick<Observed, 'defaults' | 'sysctls'>>

type Addresses = HostNetwork['addresses']
const known = new WeakMap<Addresses, { readonly length: number; readonly networks: Addresses }>()
/** Those that say which network an interface is in: few, where an owner has thousands of addresses; looked for once in each reading. */
export function networksOf(addresses: Addresses): Addresses {
  const found = known.get(addresses)
  if (found?.length === addresses.length) return found.networks
  const networks = addresses.filter(
    ({ label, prefix, address }) => !isOwnLabel(label) && prefix !== hostPrefix(address),
  )
  known.set(addresses, { length: addresses.length, networks })
  return networks
}

/** The interface whose own network holds the address (the longest prefix wins); floating addresses and loopback do not count. */
export function interfaceFor(host: HostNetwork, address: string): ObservedLink | null {
  let best: { readonly link: ObservedLink; readonly prefix: number } | null = null
  for (const entry of networksOf(host.addresses)) {
    if (best && best.prefix >= entry.prefix) continue
    const link = host.links.find((known) => known.index === entry.index)
    if (link && !link.loopback && inNetwork(address, entry)) best = { link, prefix: entry.prefix }
  }
  return best?.link ?? null
}

/** A node's own address in the network of `address`: what its packets there should carry as source. */
export function sourceFor(host: HostNetwork, address: string, own: readonly string[]): string | null {
  const link = interfaceFor(host, address)
  return (
    host.addresses.find(
      (entry) => entry.index === link?.index && own.includes(entry.address) && inNetwork(address, entry),
    )?.address ?? null
  )
}
