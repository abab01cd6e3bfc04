/** Realservers by tunnelling: whose packets they unwrap. */
import { familyOf } from '@lvsm/base'
import type { Draft } from '../schema.ts'
import { FAMILIES } from '../tables/index.ts'
import type { Served } from './pools.ts'
import { entries, type Refuse } from './rule.ts'

interface Site {
  readonly draft: Draft
  readonly group: { readonly directors?: (string | undefined)[] | undefined }
  readonly server: Served
}

/** Whose packets it unwraps, a realserver is told by the directors' links: each has one of the family in which they come. */
export function checkSources(title: string, { draft, group, server }: Site, others: string, refuse: Refuse): void {
  const { address } = server.item
  if (address === undefined) return
  const family = familyOf(address)
  const lacks = entries(group.directors).find(({ item: name }) => {
    const links = entries(draft.nodes).find(({ item }) => item.name === name)?.item.links
    // Of a director that is not known, or whose links could not be read, another rule tells.
    return links?.every((link) => link?.address !== undefined && familyOf(link.address) !== family) === true
  })?.item
  if (lacks === undefined) return
  refuse(
    'tunnel-without-source',
    server.here('forward'),
    `director "${lacks}" has no ${FAMILIES[family].title} address on its links, from which packets for "${server.item.node}" would come wrapped: under ${title} a realserver unwraps what comes from directors alone`,
    `give "${lacks}" a link with its ${FAMILIES[family].title} address, or use forward: ${others}`,
  )
}
