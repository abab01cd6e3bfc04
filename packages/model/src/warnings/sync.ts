/** Connection synchronisation that is off, does nothing, or may be somebody else's. */
import { SYNC_KEYS, syncLinks, syncingDirectors } from '../rules/sync.ts'
import type { WarningRule } from './warning.ts'

/** Groups that belong to a protocol (IANA): its hosts hear whatever is sent there. */
const TAKEN: Readonly<Record<string, string>> = {
  '224.0.0.1': 'all hosts',
  '224.0.0.2': 'all routers',
  '224.0.0.5': 'OSPF',
  '224.0.0.6': 'OSPF',
  '224.0.0.9': 'RIP',
  '224.0.0.10': 'EIGRP',
  '224.0.0.13': 'PIM',
  '224.0.0.18': 'VRRP',
  '224.0.0.22': 'IGMP',
  '224.0.0.251': 'mDNS',
  '224.0.0.252': 'LLMNR',
  'ff05::2': 'all routers',
  'ff05::fb': 'mDNS',
  'ff05::1:3': 'DHCP servers',
}

export const sync: WarningRule = (draft, warn) => {
  const several = syncingDirectors(draft).length > 1
  const given = SYNC_KEYS.find((key) => draft[key] !== undefined) ?? (draft.sync === true ? 'sync' : undefined)
  if (draft.sync === false && several)
    warn(
      'info',
      'sync-off',
      ['sync'],
      'connections are not synchronised: those that are established end when their group changes its owner',
      'leave it out, or write sync: true',
    )
  if (given !== undefined && (!several || draft.sync === false))
    warn(
      'info',
      'idle-sync',
      [given],
      several ? `${given} does nothing beside sync: false` : `${given} does nothing: no group has a second director`,
      several ? `take one of them out` : 'name a second director, or take it out',
    )
  if (several && draft.sync === undefined && syncLinks(draft).length === 0)
    warn(
      'warning',
      'no-sync-link',
      ['nodes'],
      'connections are not synchronised, because there is no link that all directors have with addresses of one family: those that are established end when their group changes its owner',
      'give the directors a link of the same name with addresses of IPv4, or of IPv6, or write sync: false',
    )
  const whose = TAKEN[draft['sync-group'] ?? '']
  if (whose !== undefined)
    warn(
      'warning',
      'known-sync-group',
      ['sync-group'],
      `${draft['sync-group']} belongs to ${whose}: its hosts hear every message about connections`,
      'leave it out, or take another one',
    )
}
