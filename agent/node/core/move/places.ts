/**
 * Where a former owner is reached by packets that are handed back to it, beside its links: in the networks of the VIPs, where it says that it
 * is. Links may have no address of IPv6; and by a link that clients are not behind a strict rp_filter drops what has a client as its source.
 */
import { canonicalAddress, isOwnLabel, parseInet } from '@lvsm/base'
import { type Cidr, type Config, inNetwork } from '@lvsm/model'
import type { Observed } from '@lvsm/plan'

/** One of each family would do. */
const MOST = 4

const vipsOf = (config: Config | null, group: string): readonly Cidr[] =>
  (config?.groups.find(({ name }) => name === group)?.addresses ?? []).filter(({ kind }) => kind === 'vip')
const isNear = (address: string, vips: readonly Cidr[]): boolean => vips.some((vip) => inNetwork(address, vip))

interface Host {
  readonly config: Config | null
  readonly observed: Pick<Observed, 'addresses'> | null
}

/** Addresses that this node has for itself in networks of the group's VIPs of IPv6. */
export function ownPlaces({ config, observed }: Host, group: string): readonly string[] {
  const vips = vipsOf(config, group)
  return (observed?.addresses ?? [])
    .filter(({ address, label }) => !isOwnLabel(label) && isNear(address, vips))
    .map(({ address }) => address)
    .slice(0, MOST)
}

/** What another node says of itself, as far as it can be so: packets go to no floating address, and to nobody beyond the link. */
export function believedPlaces(config: Config | null, group: string, said: readonly string[]): readonly string[] {
  const floating = new Set(config?.groups.flatMap(({ addresses }) => addresses.map(({ address }) => address)))
  const vips = vipsOf(config, group)
  return said
    .filter((text) => parseInet(text) !== undefined && canonicalAddress(text) === text)
    .filter((address) => !floating.has(address) && isNear(address, vips))
    .slice(0, MOST)
}
