/** Floating addresses: each in one group, and never an address that a node has for itself. */
import { parseCidr, refuseHostAddress, refuseInNetwork } from '../address.ts'
import type { Path } from '../document.ts'
import type { Draft } from '../schema.ts'
import { everyServer } from './pools.ts'
import { entries, type Refuse, type Rule } from './rule.ts'

export interface Floating {
  readonly address: string
  readonly prefix: number
  readonly kind: 'vip' | 'gateway'
  readonly group: number
  readonly path: Path
}

/** Every VIP and NAT gateway whose text can be read. */
export function floating(draft: Draft): Floating[] {
  const found: Floating[] = []
  for (const { at, item: group } of entries(draft.groups)) {
    for (const section of ['vips', 'gateways'] as const) {
      for (const { at: index, item } of entries(group[section])) {
        const written = typeof item === 'string' ? item : item.address
        const cidr = written === undefined ? null : parseCidr(written)
        if (!cidr) continue
        const path = ['groups', at, section, index, ...(typeof item === 'string' ? [] : ['address'])]
        found.push({ ...cidr, kind: section === 'vips' ? 'vip' : 'gateway', group: at, path })
      }
    }
  }
  return found
}

/** Who has an address for itself, e.g. `link inside of node dir1`. */
function owners(draft: Draft): Map<string, string> {
  const known = new Map<string, string>()
  for (const { item: node } of entries(draft.nodes)) {
    for (const { item: link } of entries(node.links)) {
      if (link.address !== undefined && !known.has(link.address))
        known.set(link.address, `the address of node "${node.name}" on its link "${link.name}"`)
    }
  }
  for (const { item, where } of everyServer(draft))
    if (item.address !== undefined && !known.has(item.address))
      known.set(item.address, `the realserver address of "${item.node}" in ${where}`)
  return known
}

export const floatingAddresses: Rule = (draft, refuse) => {
  const own = owners(draft)
  const seen = new Map<string, Floating>()
  for (const entry of floating(draft)) {
    const what = entry.kind === 'vip' ? 'VIP' : 'gateway'
    const bad = refuseHostAddress(entry.address) ?? refuseInNetwork(entry)
    if (bad) refuse('bad-address', entry.path, `${what} ${entry.address} ${bad}`, 'choose a free host address')
    const owner = own.get(entry.address)
    if (owner)
      refuse(
        `${entry.kind}-is-node-address`,
        entry.path,
        `${what} ${entry.address} is ${owner}`,
        'choose an address that no machine has for itself: it must be able to move',
      )
    const first = seen.get(entry.address)
    if (first && !isTwin(draft, entry, first)) refuseSecond(draft, entry, first, refuse)
    else seen.set(entry.address, entry)
  }
}

/** Of a group that stands there twice, which has been said. */
const isTwin = ({ groups }: Draft, { group }: Floating, first: Floating): boolean =>
  group !== first.group && groups?.[group]?.name !== undefined && groups[group].name === groups[first.group]?.name

function refuseSecond(draft: Draft, entry: Floating, first: Floating, refuse: Refuse): void {
  const group = draft.groups?.[first.group]?.name ?? first.group
  if (entry.group === first.group)
    refuse('duplicate-address', entry.path, `${entry.address} is in this group twice`, 'name it once')
  else
    refuse(
      'address-in-two-groups',
      entry.path,
      `${entry.address} is already an address of group "${group}"`,
      'addresses that must move together belong in one group',
    )
}
