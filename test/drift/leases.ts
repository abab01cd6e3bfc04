/**
 * Of the lease process, which plans nothing: its addresses and its fence. Its kernel in memory is another one (`test/kit/kernel.ts`: strangers flush tables and take addresses off in
 * every simulation); on the host's kernel `test/contract/fence-drift.test.ts` goes through the fence.
 */
import type { Drift } from './row.ts'
import { scenario, VIP } from './row.ts'

export const OF_LEASES: readonly Pick<Drift, 'what' | 'byHand' | 'lab'>[] = [
  {
    ...{ what: 'the VIP is taken off its owner', byHand: [`ip addr del ${VIP}/24 dev outside`] },
    ...scenario(
      'repair',
      'alias, destination, service, VIP and default route come back, and nothing foreign is touched',
      /ip addr del \$\{VIP\}\/24 dev outside/,
    ),
  },
  {
    ...{ what: 'one of IPv6', byHand: ['ip -6 addr del 2001:db8:11::10/64 dev outside'] },
    ...scenario(
      'ipv6',
      'what somebody changes of IPv6 is repaired: the service, a weight, the alias, the address',
      /ip -6 addr del \$\{VIP6\}\/64 dev outside/,
    ),
  },
  {
    ...{ what: 'a table of the fence is deleted', byHand: ['nft delete table arp lvsm'] },
    ...scenario(
      'repair',
      'one table of the fence deleted comes back at once, beside a foreign table',
      /nft delete table \$\{table\}/,
    ),
  },
  {
    ...{ what: 'all rules are flushed', byHand: ['nft flush ruleset'] },
    ...scenario(
      'repair',
      'nft flush ruleset on either director: the fence is back in less than a second, nobody else answers',
      /flushed\(node, ours\)/,
    ),
  },
]
