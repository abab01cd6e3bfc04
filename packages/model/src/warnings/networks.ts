/** Addresses that look mistyped, beside all others of the file: what networks there really are is known on the nodes alone. */
import { type Family, familyOf } from '@lvsm/base'
import { type Cidr, hostPrefix, inNetwork, networkCidr, refuseInNetwork, usualPrefix } from '../address.ts'
import { type Floating, floating } from '../rules/addresses.ts'
import { linksIn, textOf, titleOf } from '../rules/networks.ts'
import { everyServer } from '../rules/pools.ts'
import { entries } from '../rules/rule.ts'
import type { Draft } from '../schema.ts'
import type { WarningRule } from './warning.ts'

const isHost = ({ address, prefix }: Cidr): boolean => prefix === hostPrefix(address)

/** The networks that the file tells of: those of floating addresses, but for addresses that stand alone. */
const networksOf = (draft: Draft): Cidr[] => [
  ...new Map(
    floating(draft)
      .filter((entry) => !isHost(entry))
      .map((entry) => [textOf(networkCidr(entry)), networkCidr(entry)]),
  ).values(),
]

export const prefixes: WarningRule = (draft, warn) => {
  const all = floating(draft)
  for (const [at, entry] of all.entries()) {
    const other = all
      .slice(0, at)
      .find((one) => one.prefix !== entry.prefix && !isHost(one) && !isHost(entry) && overlap(one, entry))
    if (other)
      warn(
        'warning',
        'prefixes-differ',
        entry.path,
        `${titleOf(entry)} and ${titleOf(other)} lie in one network and have different prefix lengths`,
        'give all addresses of one network the prefix length that it has',
      )
  }
}

const overlap = (one: Floating, other: Floating): boolean =>
  inNetwork(one.address, other) || inNetwork(other.address, one)

/** Where no link has an address of a family, the file does not tell where those are. */
const linkFamiliesOf = (draft: Draft): ReadonlySet<Family> =>
  new Set(
    entries(draft.nodes).flatMap(({ item }) =>
      entries(item.links).flatMap(({ item: { address } }) => (address === undefined ? [] : [familyOf(address)])),
    ),
  )

/** The interface of a floating address is the one whose network holds it, unless the file names one. */
export const vipNetworks: WarningRule = (draft, warn) => {
  const nodes = new Map(
    entries(draft.nodes).map(({ item }) => [
      item.name,
      entries(item.links).map(({ item: link }) => link.address ?? ''),
    ]),
  )
  const told = new Set<string>()
  const families = linkFamiliesOf(draft)
  for (const entry of floating(draft)) {
    const group = draft.groups?.[entry.group]
    if (!families.has(familyOf(entry.address))) continue
    // Of an address that stands alone the network is not known; most are of this size.
    const network = networkCidr(isHost(entry) ? { ...entry, prefix: usualPrefix(entry.address) } : entry)
    if (interfaceOf(draft, entry) !== undefined || told.has(textOf(network))) continue
    const near = (group?.directors ?? []).some((name) =>
      (nodes.get(name) ?? []).some((address) => inNetwork(address, network)),
    )
    if (near) continue
    told.add(textOf(network))
    warn(
      linksIn(draft, network).size === 0 ? 'warning' : 'info',
      'no-known-network',
      entry.path,
      `no director of group "${group?.name}" has a link in the network ${textOf(network)} of ${titleOf(entry)}`,
      'if the directors have another interface there, all is well; else correct the address',
    )
  }
}

const interfaceOf = (draft: Draft, { path }: Floating): string | undefined => {
  const [, group, section, index] = path
  const list = draft.groups?.[Number(group)]?.[section === 'vips' ? 'vips' : 'gateways']
  const written = list?.[Number(index)]
  return typeof written === 'object' ? written.interface : undefined
}

/** The first and the last address of a network are no host's. */
export const hostAddresses: WarningRule = (draft, warn) => {
  const known = networksOf(draft)
  for (const { at, item: node } of entries(draft.nodes))
    for (const { at: index, item: link } of entries(node.links)) {
      const { address } = link
      const network = known.find((one) => address !== undefined && inNetwork(address, one))
      const why = address === undefined || !network ? null : refuseInNetwork({ address, prefix: network.prefix })
      if (why !== null)
        warn(
          'warning',
          'no-host-address',
          ['nodes', at, 'links', index, 'address'],
          `${address} ${why}`,
          'give the address that the node has there',
        )
    }
}

/** Links of one name are one network: an address that lies apart from most of its namesakes is a slip. */
export const linkNetworks: WarningRule = (draft, warn) => {
  const known = networksOf(draft)
  const links = entries(draft.nodes).flatMap(({ at, item: node }) =>
    entries(node.links).map(({ at: index, item }) => ({ path: ['nodes', at, 'links', index, 'address'], ...item })),
  )
  for (const network of known)
    for (const name of linksIn(draft, network)) {
      const all = links.filter((link) => link.name === name)
      const apart = all.filter(({ address }) => address !== undefined && !inNetwork(address, network))
      if (apart.length === 0 || 2 * apart.length >= all.length) continue
      for (const { path, address } of apart)
        warn(
          'warning',
          'link-off-network',
          path,
          `${address} is not in ${textOf(network)}, where most addresses of link "${name}" are`,
          'links with the same name are one network: correct the address, or the name of the link',
        )
    }
}

export const realserverPlaces: WarningRule = (draft, warn) => {
  const families = linkFamiliesOf(draft)
  const known = networksOf(draft)
  const own = new Map(
    entries(draft.nodes).map(({ item }) => [item.name, entries(item.links).map(({ item: link }) => link.address)]),
  )
  for (const { item, place } of everyServer(draft)) {
    const { address, node } = item
    const links = own.get(node)
    if (address === undefined || links?.includes(address) === true) continue
    const where = known.some((network) => inNetwork(address, network))
    const path = place('address')
    // A machine without an agent has no links here: what it has is known to nobody.
    if (links === undefined && where) continue
    const hint = links
      ? `the links of "${node}" have ${links.join(', ')}; if it has this one too, all is well`
      : 'if routers lead there from the directors, all is well'
    if (where && !families.has(familyOf(address))) continue
    if (where) warn('info', 'not-a-link-address', path, `no link of "${node}" has the address ${address}`, hint)
    else
      warn(
        'warning',
        'no-known-network',
        path,
        `${address} ${links ? `is no address of a link of "${node}", and` : `of "${node}"`} lies in no network of the file`,
        hint,
      )
  }
}
