/**
 * What hosts of an inside network begin leaves with the VIP as source, whoever they are: realservers, and what else is there (a database,
 * one that is being installed). The fence forwards the network of a gateway as a whole (agent/lease/FENCE.md, row 11), and so is it
 * translated as a whole: one rule for each gateway. Left alone is:
 *
 * * what stays in the network;
 * * what this node sends itself, checks and the outside of tunnels among it, and what bears a floating address, which IPVS has translated;
 * * what is for a VIP: that is IPVS's, or, with `vs/conntrack`, connection tracking would translate it after IPVS has.
 *
 * What connection tracking finds invalid no rule can translate, so it ends here. Never an answer of IPVS: that has the VIP as source by the
 * time, also one that connection tracking knows nothing of, because IPVS keeps it out of that (`vs/conntrack` 0), or because the
 * connection was another director's.
 */
import { familyOf } from '@lvsm/base'
import { type Cidr, inNetwork, networkCidr, type NodeView } from '@lvsm/model'
import type { HostNetwork } from './host-network.ts'

export interface Masquerade {
  /** Of a gateway. */
  readonly network: Cidr
  readonly vip: string
  /** Those that are wherever the gateway is: what is for them goes no further than to this node's IPVS. */
  readonly vips: readonly string[]
}

/** One for each network; a gateway whose group has no VIP of its family has none. */
export function masquerades({ directs }: Pick<NodeView, 'directs'>): Masquerade[] {
  const all = directs.flatMap(({ addresses }) =>
    addresses
      .filter(({ kind }) => kind === 'gateway')
      .flatMap((gateway): Masquerade[] => {
        const vips = addresses
          .filter(({ kind, address }) => kind === 'vip' && familyOf(address) === familyOf(gateway.address))
          .map(({ address }) => address)
        const [vip] = vips
        return vip === undefined ? [] : [{ network: networkCidr(gateway), vip, vips }]
      }),
  )
  const textOf = ({ network: { address, prefix } }: Masquerade): string => `${address}/${prefix}`
  return all.filter((one, at) => all.findIndex((other) => textOf(other) === textOf(one)) === at)
}

/** This node's own addresses, those in the networks that no link names too, and floating ones that it may have: as sources none of them is translated. */
export function addressesHere(
  { node, directs }: Pick<NodeView, 'node' | 'directs'>,
  networks: readonly Masquerade[],
  { addresses: all }: Pick<HostNetwork, 'addresses'>,
): string[] {
  const links = node.links.map(({ address }) => address)
  const floating = directs.flatMap(({ addresses }) => addresses.map(({ address }) => address))
  const others = all
    .map(({ address }) => address)
    .filter((one) => networks.some(({ network }) => inNetwork(one, network)))
  return [...new Set([...links, ...floating, ...others.toSorted()])]
}
