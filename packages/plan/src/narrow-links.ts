/**
 * Links that are too narrow for tunnels of IPv6. Behind the director's wrapping there must be room for 1280 bytes, which every link of
 * IPv6 carries (RFC 8200, section 5): where there is not, IPVS drops each packet and tells nobody (net/netfilter/ipvs/ip_vs_xmit.c).
 */
import { familyOf, type Trouble } from '@lvsm/base'
import { type NodeView, tunnelOver } from '@lvsm/model'
import { type HostNetwork, interfaceFor } from './host-network.ts'

const LEAST = 1280

export function narrowLinks({ services }: NodeView, host: HostNetwork): Trouble[] {
  const needs = new Map<string, { readonly mtu: number; readonly need: number; readonly servers: string[] }>()
  for (const { address: service, realservers } of services)
    for (const { address, tunnel, node } of realservers) {
      if (tunnel === undefined || familyOf(service) !== 'ipv6') continue
      const need = LEAST + tunnelOver(tunnel, 'ipv6').overhead
      const link = interfaceFor(host, address)
      if (link?.mtu === undefined || link.mtu >= need) continue
      const known = needs.get(link.name)
      const servers = [...(known?.servers ?? []), ...(known?.servers.includes(node) === true ? [] : [node])]
      needs.set(link.name, { mtu: link.mtu, need: Math.max(need, known?.need ?? 0), servers })
    }
  return [...needs].map(([name, { mtu, need, servers }]) => ({
    code: 'tunnel-too-narrow',
    severity: 'critical',
    message: `interface ${name} carries ${mtu} bytes, and a tunnel over IPv6 to ${servers.join(', ')} needs ${need}: the kernel drops all that it wraps`,
    hint: `ip link set ${name} mtu ${need} or more, on every link between directors and these realservers; or use forward: dr or nat`,
    object: `interface ${name}`,
  }))
}
