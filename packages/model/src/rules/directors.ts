/** What a forwarding method asks of the directors of a realserver's group. */
import { familyOf } from '@lvsm/base'
import type { Draft } from '../schema.ts'
import { FAMILIES, FORWARDING, type ForwardingRow, forwarding } from '../tables/index.ts'
import { namesOf } from '../tables/table.ts'
import type { Served } from './pools.ts'
import { entries, type Refuse } from './rule.ts'

interface Site {
  readonly draft: Draft
  readonly group: { readonly name?: string | undefined; readonly directors?: (string | undefined)[] | undefined }
  readonly server: Served
}

/** Which addresses those are, the directors' links tell: each has one of the family in which packets come. */
export function checkSources(
  { title, tunnels }: ForwardingRow,
  { draft, group, server }: Site,
  others: string,
  refuse: Refuse,
): void {
  const { address } = server.item
  if (address === undefined) return
  const family = familyOf(address)
  const lacks = entries(group.directors).find(({ item: name }) => {
    const links = entries(draft.nodes).find(({ item }) => item.name === name)?.item.links
    // Of a director that is not known, or whose links could not be read, another rule tells.
    return links?.every((link) => link?.address !== undefined && familyOf(link.address) !== family) === true
  })?.item
  if (lacks === undefined) return
  const whose = `director "${lacks}" has no ${FAMILIES[family].title} address on its links`
  refuse(
    `${tunnels ? 'tunnel' : 'fullnat'}-without-source`,
    server.here('forward'),
    tunnels
      ? `${whose}, from which packets for "${server.item.node}" would come wrapped: under ${title} a realserver unwraps what comes from directors alone`
      : `${whose}, which "${server.item.node}" would see in place of its clients under ${title}`,
    `give "${lacks}" a link with its ${FAMILIES[family].title} address, or use forward: ${others}`,
  )
}

/** A director may be a realserver of others; of its own group by what it serves itself with (`rules/local`). */
export function checkDirector(row: ForwardingRow, { draft, group, server }: Site, refuse: Refuse): void {
  const { node } = server.item
  if (node === undefined || !group.directors?.includes(node)) return
  // Whoever has not the role is no director of the group either, which has been said.
  if (!entries(draft.nodes).some(({ item }) => item.name === node && item.roles?.includes('director'))) return
  if (row.ofItself !== null) return
  const why = row.hasVip
    ? 'as a standby it must stay silent for the address that it would answer for as a realserver'
    : 'as its owner it would be the gateway of its own default route, and as a standby lose its way to the clients'
  refuse(
    'director-is-realserver',
    server.here('node'),
    `"${node}" is a director of group "${group.name}": ${why}`,
    `use forward: ${namesOf(FORWARDING)
      .filter((name) => forwarding(name).ofItself !== null)
      .join(' or ')}, or a realserver that is no director of the group`,
  )
}
