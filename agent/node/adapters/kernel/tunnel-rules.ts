/** Rules of a realserver that packets come to wrapped, as chains of our table. */
import type { TunnelRules } from '@lvsm/plan'
import { nftables } from '@lvsm/netlink'
import { destinationIs, sourceIs } from './rule-parts.ts'

const { match } = nftables
/** Before connection tracking and everybody's rules. */
const FIRST = -300
const MANGLE = -150
const TCP = 6
const OUT_OF_TUNNEL = 'out-of-tunnel'

/** `iifname D jump out-of-tunnel`, where `ip daddr V accept` for each, then `counter drop`; and `ip saddr V tcp flags syn tcp option maxseg size set N`. */
export function tunnelChains(table: nftables.TableName, { devices, addresses, clamps }: TunnelRules): Uint8Array[] {
  const rule = (chain: string, ...expressions: readonly nftables.Expression[]): Uint8Array =>
    nftables.newRule({ ...table, chain, expressions })
  const { inet } = nftables.HOOK
  return [
    nftables.newChain({ ...table, chain: OUT_OF_TUNNEL }),
    ...addresses.map((address) => rule(OUT_OF_TUNNEL, ...destinationIs(address), match.decide(nftables.accept))),
    rule(OUT_OF_TUNNEL, match.counter, match.decide(nftables.drop)),
    nftables.newChain({ ...table, chain: 'tunnels', hook: { number: inet.prerouting, priority: FIRST } }),
    ...devices.map((name) =>
      rule('tunnels', ...match.interfaceIs('iifname', name), match.decide(nftables.jump(OUT_OF_TUNNEL))),
    ),
    nftables.newChain({ ...table, chain: 'clamp-mss', hook: { number: inet.output, priority: MANGLE } }),
    ...clamps.map(({ address, mss }) =>
      rule('clamp-mss', ...sourceIs(address), ...match.transportIs(TCP), ...match.clampMss(mss)),
    ),
  ]
}
