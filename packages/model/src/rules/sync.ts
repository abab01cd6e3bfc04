/** How directors tell each other of their connections (IPVS connection synchronisation; kernel: ip_vs_sync.c). */
import { digest64, type Family, familyOf, parseInet } from '@lvsm/base'
import type { ConfigSync } from '../config.ts'
import { suggest } from '../nearest.ts'
import type { Draft } from '../schema.ts'
import { FAMILIES } from '../tables/families.ts'
import { entries, isUnread, type Refuse, type Rule } from './rule.ts'

export const SYNC_PORT = 8848
export const SYNC_KEYS = ['sync-id', 'sync-link', 'sync-group', 'sync-port'] as const

/** 1 to 255, by the cluster's name: clusters with different names seldom have the same. */
export const syncIdOf = (cluster: string): number => 1 + Number(BigInt(`0x${digest64(cluster)}`) % 255n)

/** Directors of groups that can move, in the order of the file's nodes. */
export function syncingDirectors(draft: Pick<Draft, 'groups' | 'nodes'>) {
  const names = new Set(
    entries(draft.groups).flatMap(({ item: { directors = [] } }) => (new Set(directors).size > 1 ? directors : [])),
  )
  return entries(draft.nodes).filter(({ item }) => names.has(item.name))
}

type Links = Pick<Draft, 'groups' | 'nodes'>
interface SyncLink {
  readonly name: string
  readonly family: Family
}
/** Links that all of them have, with addresses of one family: those of IPv4 before those of IPv6, else in the order of the first one's. */
export function syncLinks(draft: Links): SyncLink[] {
  const [first = [], ...others] = syncingDirectors(draft).map(({ item }) =>
    entries(item.links).flatMap(({ item: { name, address } }): SyncLink[] =>
      name === undefined || address === undefined ? [] : [{ name, family: familyOf(address) }],
    ),
  )
  const common = first.filter(({ name, family }) =>
    others.every((links) => links.some((one) => one.name === name && one.family === family)),
  )
  return [...common.filter(isOf('ipv4')), ...common.filter(isOf('ipv6'))]
}
const isOf =
  (wanted: Family) =>
  ({ family }: SyncLink): boolean =>
    family === wanted

type Written = Links & Pick<Draft, 'cluster' | 'sync' | (typeof SYNC_KEYS)[number]>
/** The one that is named, or the first on which the group can be: the kernel's daemons send there by its family. */
function syncLinkOf(written: Written, links: readonly SyncLink[]): SyncLink | undefined {
  const { 'sync-link': name, 'sync-group': group } = written
  return links.find((one) =>
    name === undefined ? group === undefined || isOf(familyOf(group))(one) : one.name === name,
  )
}

/** Of a faultless file; null: nobody is told. */
export function syncOf(written: Written): ConfigSync | null {
  const link = syncLinkOf(written, syncLinks(written))
  if (written.sync === false || link === undefined) return null
  return {
    link: link.name,
    id: written['sync-id'] ?? syncIdOf(written.cluster ?? ''),
    group: written['sync-group'] ?? FAMILIES[link.family].syncGroup,
    port: written['sync-port'] ?? SYNC_PORT,
  }
}

/** What goes to an interface (1) or a link (2) leaves with an address of the link alone (RFC 6724, rule 2), by which nobody here is known. */
const NARROWEST_SCOPE = 3
function refuseGroup(group: string, refuse: Refuse): void {
  const { syncGroup, multicast } = FAMILIES[familyOf(group)]
  const [first = 0, second = 0] = parseInet(group) ?? []
  const isIpv4 = familyOf(group) === 'ipv4'
  if (isIpv4 ? (first & 0xf0) !== 0xe0 : first !== 0xff)
    refuse(
      'bad-sync-group',
      ['sync-group'],
      `${group} is no multicast address`,
      `leave it out (${syncGroup}), or take one of ${multicast} that nobody else uses there`,
    )
  else if (!isIpv4 && (second & 15) < NARROWEST_SCOPE)
    refuse(
      'bad-sync-group',
      ['sync-group'],
      `messages to ${group} leave with a link-local address, and directors take them from the addresses of their links alone`,
      `leave it out (${syncGroup}), or take one of a wider scope: ff15::/16`,
    )
}

export const sync: Rule = (draft, refuse) => {
  const { 'sync-group': group, 'sync-link': link } = draft
  if (group !== undefined) refuseGroup(group, refuse)
  const directors = syncingDirectors(draft)
  const isKnown = !entries(draft.nodes).some(({ item }) => isUnread(item, 'links') || item.links?.includes(undefined))
  if (draft.sync === false || directors.length < 2 || !isKnown) return
  const links = syncLinks(draft)
  const names = directors.map(({ item }) => item.name).join(', ')
  const chosen = syncLinkOf(draft, links)
  if (link !== undefined && !chosen)
    refuse(
      'unknown-sync-link',
      ['sync-link'],
      `"${link}" is no link that all of these directors have with addresses of one family: ${names}`,
      () =>
        suggest(
          link,
          links.map(({ name }) => name),
          'links of all of them',
        ),
    )
  else if (links.length === 0 && draft.sync === true)
    refuse(
      'no-sync-link',
      ['sync'],
      `there is no link that all of these directors have with addresses of one family: ${names}`,
      'give each of them a link of the same name with addresses of IPv4, or of IPv6, or write sync: false',
    )
  else if (group !== undefined && links.length > 0 && (!chosen || !isOf(familyOf(group))(chosen)))
    refuse(
      'sync-group-family',
      ['sync-group'],
      `${group} is an address of ${FAMILIES[familyOf(group)].title}, and ${chosen ? `link "${chosen.name}" has` : 'the links that all directors have have'} addresses of the other family`,
      'leave it out: the group of the link’s family is taken then; or name a link of its family: sync-link',
    )
}
