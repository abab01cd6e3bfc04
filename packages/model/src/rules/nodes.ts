/** Links that reach everybody, and voters that can make a majority. */
import { type Family, familyOf } from '@lvsm/base'
import type { Draft } from '../schema.ts'
import { FAMILIES } from '../tables/index.ts'
import { DEFAULT_PORT } from '../schema.ts'
import { refuseHostAddress } from '../address.ts'
import { entries, refuseTwice, type Rule } from './rule.ts'

/** Two nodes speak over a link, so its addresses are of one family. */
export const linkFamilies: Rule = (draft, refuse) => {
  const known = new Map<string, { readonly family: Family; readonly node: string }>()
  for (const { at, item: node } of entries(draft.nodes))
    for (const { at: index, item } of entries(node.links)) {
      const { name, address } = item
      if (name === undefined || address === undefined) continue
      const family = familyOf(address)
      const first = known.get(name)
      if (!first) known.set(name, { family, node: node.name ?? '' })
      else if (first.family !== family)
        refuse(
          'mixed-families',
          ['nodes', at, 'links', index, 'address'],
          `link "${name}" of node "${node.name}" has an ${FAMILIES[family].title} address, and that of node "${first.node}" an ${FAMILIES[first.family].title} one: two nodes speak over a link in one family`,
          'give all links of that name addresses of one family, or those of the other a name of their own',
        )
    }
}

export const links: Rule = (draft, refuse) => {
  const places = new Map<string, string>()
  const names = new Set<string>()
  for (const { at, item: node } of entries(draft.nodes)) {
    // One that stands there twice has everything twice, which has been said.
    if (node.name !== undefined && names.size === names.add(node.name).size) continue
    const seen = new Map<string, string>()
    for (const { at: index, item: link } of entries(node.links)) {
      const path = ['nodes', at, 'links', index]
      refuseTwice(
        seen,
        link.name,
        'a link of this node',
        [...path, 'name'],
        refuse,
        'duplicate-name',
        'a node has one link on each network',
      )
      refuseTwice(
        places,
        link.address,
        `an address of node ${node.name ?? at}`,
        [...path, 'address'],
        refuse,
        'duplicate-address',
        'each node has addresses of its own',
      )
      const bad = link.address === undefined ? null : refuseHostAddress(link.address)
      if (bad)
        refuse(
          'bad-address',
          [...path, 'address'],
          `"${link.address}" ${bad}`,
          `give the address that the node has there; the port is ${DEFAULT_PORT} unless named`,
        )
    }
  }
}

const linkNames = (node: NonNullable<NonNullable<Draft['nodes']>[number]>): string[] | null => {
  const all = node.links
  if (!all || all.some((link) => link?.name === undefined)) return null
  return all.map((link) => link?.name as string)
}

/** Two nodes talk over the links that both have, so any two must share one. */
export const sharedLinks: Rule = (draft, refuse) => {
  const nodes = entries(draft.nodes).flatMap(({ at, item }) => {
    const known = linkNames(item)
    return item.name !== undefined && known ? [{ at, name: item.name, links: known }] : []
  })
  const strangers = nodes.map((one) =>
    nodes.filter((other) => other !== one && !other.links.some((link) => one.links.includes(link))),
  )
  const named = new Set<string>()
  const order = nodes
    .map((_, at) => at)
    .sort((a, b) => (strangers[b]?.length ?? 0) - (strangers[a]?.length ?? 0) || b - a)
  for (const at of order) {
    const node = nodes[at] as (typeof nodes)[number]
    const apart = (strangers[at] ?? []).filter((other) => !named.has(other.name))
    if (apart.length === 0) continue
    named.add(node.name)
    const message = `node "${node.name}" shares no link with ${apart.map((other) => other.name).join(', ')}`
    refuse(
      'no-shared-link',
      ['nodes', node.at, 'links'],
      message,
      'links with the same name are one network: give every node a link on a common one',
    )
  }
}

export const voters: Rule = (draft, refuse) => {
  const nodes = draft.nodes
  if (!nodes || nodes.some((node) => node === undefined)) return
  const count = new Set(entries(nodes).flatMap(({ item }) => (item.voter === true ? [item.name] : []))).size
  if (count === 0)
    refuse(
      'no-voters',
      ['nodes'],
      'no node is a voter, so nobody can own a group',
      'set voter: true on one node, or on 3, 5 or 7',
    )
  else if (count > 7)
    refuse(
      'too-many-voters',
      ['nodes'],
      `${count} voters: every lease would wait for ${Math.floor(count / 2) + 1} answers`,
      'use 3, 5 or 7 voters',
    )
}
