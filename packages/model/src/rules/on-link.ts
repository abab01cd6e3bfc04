/** Under some forwarding methods a director hands packets over by the realserver's address on the link: both are on one network. */
import { hostPrefix, inNetwork } from '../address.ts'
import type { Draft } from '../schema.ts'
import { floating } from './addresses.ts'
import type { Served } from './pools.ts'
import { entries, type Refuse } from './rule.ts'

/** Whose an address is, by the links of all nodes: read once, since a file has thousands of realservers. */
export interface Places {
  /** Links on which the address is a node's; none where the file does not tell. */
  readonly linksOf: (address: string) => readonly string[]
  /** The node that has it. */
  readonly ownerOf: (address: string) => string | undefined
  readonly nodes: ReadonlySet<string | undefined>
}

export function placesOf(draft: Draft): Places {
  const links = new Map<string, string[]>()
  const owners = new Map<string, string | undefined>()
  for (const { item: node } of entries(draft.nodes))
    for (const { item: link } of entries(node.links)) {
      if (link.address === undefined) continue
      if (!owners.has(link.address)) owners.set(link.address, node.name)
      if (link.name !== undefined) links.set(link.address, [...(links.get(link.address) ?? []), link.name])
    }
  return {
    linksOf: (address) => [...new Set(links.get(address))],
    ownerOf: (address) => owners.get(address),
    nodes: new Set(entries(draft.nodes).map(({ item }) => item.name)),
  }
}

interface Site {
  readonly draft: Draft
  readonly group: { readonly name?: string | undefined; readonly directors?: (string | undefined)[] | undefined }
  readonly server: Served
  readonly places: Places
}

/**
 * Refuses where by all that the file says a director has nothing on the realserver's network: no link of that name, and no address,
 * own or floating, in a network that holds it. A realserver whose address is on no link may be anywhere: that is a warning's.
 */
export function checkLink(title: string, site: Site, others: string, refuse: Refuse): void {
  const { draft, group, server } = site
  const { node, address } = server.item
  const links = address === undefined ? [] : site.places.linksOf(address)
  if (address === undefined || links.length === 0) return
  const apart = entries(group.directors).find(({ item }) => !reaches(draft, item, address, links))?.item
  if (apart === undefined) return
  const where = links.map((link) => `"${link}"`).join(' and ')
  refuse(
    'not-on-director-network',
    server.here('address'),
    `${address} of "${node}" is on link ${where}, where director "${apart}" has no address: ${title} hands packets over within one network`,
    `give "${apart}" a link "${links[0]}", take an address of "${node}" on a network of all directors of group "${group.name}", or use forward: ${others}`,
  )
}

function reaches(draft: Draft, director: string, address: string, links: readonly string[]): boolean {
  const own = entries(draft.nodes).find(({ item }) => item.name === director)?.item.links
  // Of a director that is not known, or whose links are not, another rule tells.
  if (own === undefined || own.some((link) => link?.name === undefined || links.includes(link.name))) return true
  const networks = floating(draft).filter(
    (entry) => entry.prefix < hostPrefix(entry.address) && inNetwork(address, entry),
  )
  return networks.some(
    (network) =>
      draft.groups?.[network.group]?.directors?.includes(director) === true ||
      own.some((link) => link?.address !== undefined && inNetwork(link.address, network)),
  )
}
