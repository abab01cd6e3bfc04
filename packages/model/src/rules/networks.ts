/**
 * Networks that floating addresses claim. An owner gets a route to the network of each, and from the network of a gateway nothing is
 * forwarded by a director that does not own it: a prefix that is too short cuts off machines that have nothing to do with lvsm.
 */
import { familyOf } from '@lvsm/base'
import { type Cidr, inNetwork, networkCidr, usualPrefix } from '../address.ts'
import type { Draft } from '../schema.ts'
import { FAMILIES } from '../tables/index.ts'
import { type Floating, floating } from './addresses.ts'
import { entries, type Refuse, type Rule } from './rule.ts'

/** RFC 3927: never forwarded, so no client beyond the link could reach it. */
const LINK_LOCAL: Cidr = { address: '169.254.0.0', prefix: 16 }
const hintFor = ({ address }: Cidr): string => {
  const { shownBy, usual } = FAMILIES[familyOf(address)]
  return `write the prefix length that the interface has there (${shownBy}), e.g. /${usual}`
}

export const textOf = ({ address, prefix }: Cidr): string => `${address}/${prefix}`
export const titleOf = ({ kind, address, prefix }: Floating): string =>
  `${kind === 'vip' ? 'VIP' : 'gateway'} ${address}/${prefix}`

/** Links with an address in this network. */
export const linksIn = (draft: Draft, network: Cidr): ReadonlySet<string> =>
  new Set(
    entries(draft.nodes).flatMap(({ item }) =>
      entries(item.links).flatMap(({ item: { name, address } }) =>
        name !== undefined && address !== undefined && inNetwork(address, network) ? [name] : [],
      ),
    ),
  )

export const networks: Rule = (draft, refuse) => {
  const all = floating(draft)
  for (const entry of all) {
    refuseWide(draft, entry, refuse)
    if (inNetwork(entry.address, LINK_LOCAL))
      refuse(
        'bad-address',
        entry.path,
        `${titleOf(entry)} is a link-local address, which no router forwards`,
        'choose an address that clients can reach',
      )
  }
  refuseSharedGateways(draft, all, refuse)
}

function refuseWide(draft: Draft, entry: Floating, refuse: Refuse): void {
  // Where the network of an interface is wider than this, its own route is enough: no floating address needs more.
  const { widest } = FAMILIES[familyOf(entry.address)]
  if (entry.prefix < widest) {
    const whole = entry.prefix === 0 ? 'all addresses there are' : `the network ${textOf(networkCidr(entry))}`
    const why =
      entry.kind === 'vip'
        ? 'its owner would look for all of them on that link'
        : 'directors that do not own it would forward nothing that comes from there'
    const hint = `${hintFor(entry)}; in a network wider than /${widest} write /${widest}`
    refuse('network-too-wide', entry.path, `${titleOf(entry)} claims ${whole}: ${why}`, hint)
    return
  }
  const [first, second] = apart(draft, entry)
  if (first === undefined || second === undefined) return
  const message = `the network ${textOf(networkCidr(entry))} of ${titleOf(entry)} holds addresses of the links "${first}" and "${second}": links are networks apart`
  refuse('network-too-wide', entry.path, message, hintFor(entry))
}

/** Two links in this network whose addresses have no network of the usual size in common; of a link with a mistyped name another rule tells. */
function apart(draft: Draft, entry: Floating): readonly string[] {
  const near = [...linksIn(draft, entry)].map((name) => ({ name, networks: smallNetworks(draft, name) }))
  for (const [at, one] of near.entries())
    for (const other of near.slice(0, at))
      if (![...one.networks].some((network) => other.networks.has(network))) return [other.name, one.name]
  return []
}

const smallNetworks = (draft: Draft, link: string): ReadonlySet<string> =>
  new Set(
    entries(draft.nodes).flatMap(({ item }) =>
      entries(item.links).flatMap(({ item: { name, address } }) =>
        name === link && address !== undefined ? [networkCidr({ address, prefix: usualPrefix(address) }).address] : [],
      ),
    ),
  )

/** What comes from a gateway's network passes only while the group is open: of two groups with different owners one would be cut off. */
function refuseSharedGateways(draft: Draft, all: readonly Floating[], refuse: Refuse): void {
  const gateways = all.filter(({ kind }) => kind === 'gateway')
  for (const [at, entry] of gateways.entries()) {
    const other = gateways
      .slice(0, at)
      .find((one) => one.group !== entry.group && (inNetwork(one.address, entry) || inNetwork(entry.address, one)))
    if (!other || other.address === entry.address) continue
    const group = draft.groups?.[other.group]?.name ?? other.group
    refuse(
      'gateways-share-network',
      entry.path,
      `${titleOf(entry)} is in one network with ${titleOf(other)} of group "${group}": where the groups have different owners, each cuts off the realservers of the other`,
      'put the addresses of both groups into one, or give the realservers of each a network of their own',
    )
  }
}
