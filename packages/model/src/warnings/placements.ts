/** What programs of a realserver notice of where its VIP stands. */
import { familyOf } from '@lvsm/base'
import { served } from '../rules/pools.ts'
import { entries } from '../rules/rule.ts'
import { placementRow } from '../tables/index.ts'
import type { WarningRule } from './warning.ts'

/** The kernel binds in IPv6 what is an address of an interface alone (net/ipv6/af_inet6.c, ipv6_chk_addr); in IPv4 whatever is local. */
export const localRoutes: WarningRule = (draft, warn) => {
  for (const { at, item: service } of entries(draft.services))
    for (const { item, here } of served(draft, at)) {
      if (item.placement === undefined || service.address === undefined) continue
      if (!placementRow(item.placement).isRoute || familyOf(service.address) === 'ipv4') continue
      warn(
        'info',
        'local-route-not-bound',
        here('placement'),
        `on "${item.node}" ${service.address} is a local route and no address: a program that binds it by name is refused`,
        'let the server listen on [::], or use placement: dummy',
      )
    }
}
