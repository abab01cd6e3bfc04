/** Addresses of this node's own heartbeat links that somebody took away: one cause, of which much else follows (publish/one-cause.ts). */
import { type Trouble, listed } from '@lvsm/base'
import { inNetwork } from '@lvsm/model'
import { interfaceFor, type Observed } from '@lvsm/plan'
import type { NodeState } from '../state.ts'

/** Where an address was seen last. */
export interface Place {
  readonly dev: string
  readonly prefix: number
}
export interface GoneLink {
  readonly name: string
  readonly address: string
  /** Null: this agent never saw it. */
  readonly place: Place | null
}

export function noteOwnAddresses({ view, kernel }: NodeState, { addresses, links }: Observed): void {
  for (const { address } of view?.node.links ?? []) {
    const entry = addresses.find((one) => one.address === address)
    const dev = links.find(({ index }) => index === entry?.index)?.name
    if (entry && dev !== undefined) kernel.places.set(address, { dev, prefix: entry.prefix })
  }
}

export function goneLinks({ view, kernel: { observed, places } }: NodeState): GoneLink[] {
  if (!observed) return []
  return (view?.node.links ?? [])
    .filter(({ address }) => !observed.addresses.some((one) => one.address === address))
    .map(({ name, address }) => ({ name, address, place: places.get(address) ?? null }))
}

/** In its network, which no interface of this node is in any more. */
export const isBehind = (observed: Observed, { address: own, place }: GoneLink, address: string): boolean =>
  place !== null &&
  inNetwork(address, { address: own, prefix: place.prefix }) &&
  interfaceFor(observed, address) === null

/** The interface that it stood on is not there at all. */
export const isGoneDevice = ({ links }: Observed, { place }: GoneLink, dev: string): boolean =>
  place?.dev === dev && !links.some(({ name }) => name === dev)

const MOST_NEEDED = 4
const UNTOLD = 'directors tell each other of no connections by it, which end when their group moves'
export function goneTroubles(state: NodeState): Trouble[] {
  const { view, node } = state
  const { observed } = state.kernel
  if (!observed) return []
  return goneLinks(state).map((gone): Trouble => {
    const { name, address, place } = gone
    const needed = (view?.directs ?? []).flatMap((group) =>
      group.addresses
        .filter((one) =>
          one.interface === null ? isBehind(observed, gone, one.address) : isGoneDevice(observed, gone, one.interface),
        )
        .map((one) => `${one.kind} ${one.address} of group ${group.name}`),
    )
    const effects = [
      ...(needed.length === 0 ? [] : [`no interface is for ${listed(needed, MOST_NEEDED)}`]),
      ...(view?.sync?.address === address ? [UNTOLD] : []),
    ]
    const so = effects.length === 0 ? '' : `: ${effects.join('; ')}`
    return {
      ...{ code: 'link-address-gone', severity: needed.length === 0 ? 'warning' : 'critical', object: `link ${name}` },
      message: `address ${address} of heartbeat link ${name} is not on any interface of ${node}${so}`,
      ...(place ? { evidence: `it was seen last on ${place.dev}, as ${address}/${place.prefix}` } : {}),
      hint: `${mend(observed, gone)}; then find what took it away (NetworkManager, systemd-networkd, DHCP, a script: ip -ts monitor address shows when)`,
    }
  })
}

function mend({ links }: Observed, { address, place }: GoneLink): string {
  if (!place) return `put it on the interface of that network: ip addr add ${address}/PREFIX dev INTERFACE`
  const again = `ip addr add ${address}/${place.prefix} dev ${place.dev}`
  return links.some(({ name }) => name === place.dev)
    ? again
    : `interface ${place.dev} is gone: bring it back, then ${again}`
}
