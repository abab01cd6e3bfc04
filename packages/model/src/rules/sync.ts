/** How directors tell each other of their connections (IPVS connection synchronisation; kernel: ip_vs_sync.c). */
import { digest64, familyOf, parseInet } from '@lvsm/base'
import type { ConfigSync } from '../config.ts'
import { suggest } from '../nearest.ts'
import type { Draft } from '../schema.ts'
import { entries, isUnread, type Rule } from './rule.ts'

/** As ipvsadm, keepalived and the kernel have them: a switch with IGMP snooping lets 224.0.0.0/24 through to every port (RFC 4541, 2.1.2). */
export const SYNC_GROUP = '224.0.0.81'
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

/** Links that all of them have, with addresses of IPv4, in the order of the first one's. */
export function syncLinks(draft: Pick<Draft, 'groups' | 'nodes'>): string[] {
  const [first, ...others] = syncingDirectors(draft).map(({ item }) =>
    entries(item.links).flatMap(({ item: { name, address } }) =>
      name !== undefined && address !== undefined && familyOf(address) === 'ipv4' ? [name] : [],
    ),
  )
  return (first ?? []).filter((link) => others.every((links) => links.includes(link)))
}

/** Of a faultless file; null: nobody is told. */
export function syncOf(
  written: Pick<Draft, 'groups' | 'nodes' | 'cluster' | 'sync' | (typeof SYNC_KEYS)[number]>,
): ConfigSync | null {
  const link = written['sync-link'] ?? syncLinks(written)[0]
  if (written.sync === false || link === undefined) return null
  return {
    link,
    id: written['sync-id'] ?? syncIdOf(written.cluster ?? ''),
    group: written['sync-group'] ?? SYNC_GROUP,
    port: written['sync-port'] ?? SYNC_PORT,
  }
}

export const sync: Rule = (draft, refuse) => {
  const group = draft['sync-group']
  const first = group === undefined ? undefined : parseInet(group)?.[0]
  if (first !== undefined && (first & 0xf0) !== 0xe0)
    refuse(
      'bad-sync-group',
      ['sync-group'],
      `${group} is no multicast address`,
      `leave it out (${SYNC_GROUP}), or take one of 224.0.0.0/4 that nobody else uses there`,
    )
  const directors = syncingDirectors(draft)
  const isKnown = !entries(draft.nodes).some(({ item }) => isUnread(item, 'links') || item.links?.includes(undefined))
  if (draft.sync === false || directors.length < 2 || !isKnown) return
  const links = syncLinks(draft)
  const names = directors.map(({ item }) => item.name).join(', ')
  const link = draft['sync-link']
  if (link !== undefined && !links.includes(link))
    refuse(
      'unknown-sync-link',
      ['sync-link'],
      `"${link}" is no link that all of these directors have with addresses of IPv4: ${names}`,
      () => suggest(link, links, 'links of all of them'),
    )
  else if (links.length === 0 && draft.sync === true)
    refuse(
      'no-sync-link',
      ['sync'],
      `there is no link that all of these directors have with addresses of IPv4: ${names}`,
      'give each of them a link of the same name with an address of IPv4, or write sync: false',
    )
}
