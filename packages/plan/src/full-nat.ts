/**
 * Realservers that cannot route back: the director puts an address of its own into what it hands them, so that their answers come to it
 * by themselves. IPVS translates the destination, and with `vs/conntrack` leaves the connection to connection tracking, by which a rule behind
 * routing gives it another source (TRAPS.md, row 14). The source is never a floating address: answers to one that has moved on would
 * come to a director that knows nothing of them, and on a standby the fence would stop what bears it.
 */
import { type Family, familyOf, isOwnLabel, type Trouble } from '@lvsm/base'
import {
  type ConfigService,
  forwarding,
  type KernelProtocol,
  type NodeView,
  type PortRange,
  protocolRow,
} from '@lvsm/model'
import { type HostNetwork, sourceFor } from './host-network.ts'
import type { Observed } from './observed.ts'
import { rangesOf, type Socket, socketsOf } from './service-sockets.ts'
import type { DesiredSysctl } from './sysctls.ts'
import { KERNELS } from './timeouts.ts'

/** Packets of connections to the VIP that go to the realserver get this source. */
export interface SourceRule {
  readonly vip: string
  readonly address: string
  readonly protocol: KernelProtocol
  readonly ports: PortRange
  readonly source: string
}

interface Served {
  readonly service: ConfigService
  readonly address: string
  readonly port: number
  readonly node: string
}
const hidden = ({ services }: Pick<NodeView, 'services'>): Served[] =>
  services.flatMap((service) =>
    service.realservers
      .filter(({ forward }) => forwarding(forward).hidesClients)
      .map(({ address, port, node }) => ({ service, address, port, node })),
  )

/** In the realserver's own network, else on the way out of this node, else any on a link of its own; null: it has none of the family. */
export function sourcesToward({ node }: Pick<NodeView, 'node'>, host: HostNetwork): (address: string) => string | null {
  const stands = (one: string): boolean =>
    host.addresses.some(({ address, label }) => address === one && !isOwnLabel(label))
  const known = new Map<Family, Own>()
  const of = (family: Family): Own => {
    const all = node.links.map(({ address }) => address).filter((one) => familyOf(one) === family && stands(one))
    const out = (host.defaults ?? []).filter(({ gateway }) => gateway !== null && familyOf(gateway) === family)
    const onWay = all.find((one) =>
      host.addresses.some(({ address, index }) => address === one && out.some((way) => way.index === index)),
    )
    const own = { all, first: onWay ?? all[0] ?? null }
    known.set(family, own)
    return own
  }
  return (address) => {
    const family = familyOf(address)
    const { all, first } = known.get(family) ?? of(family)
    return sourceFor(host, address, all) ?? first
  }
}
/** Own addresses of one family. */
interface Own {
  readonly all: readonly string[]
  readonly first: string | null
}

export function sourceRules(view: NodeView, host: HostNetwork): SourceRule[] {
  const sourceToward = sourcesToward(view, host)
  const rules = hidden(view).flatMap(({ service, address, port }): SourceRule[] => {
    const source = sourceToward(address)
    if (source === null) return []
    const ranges = service.ports ?? [{ from: port, to: port }]
    return protocolRow(service.protocol).kernel.flatMap((protocol) =>
      ranges.map((ports) => ({ vip: service.address, address, protocol, ports, source })),
    )
  })
  return [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()]
}

const CONNTRACK = 'net/ipv4/vs/conntrack'

/** Else IPVS takes its connections out of connection tracking, and no rule translates them. */
export const sourceSysctls = (view: NodeView, host: Pick<HostNetwork, 'sysctls'>): DesiredSysctl[] =>
  hidden(view).length === 0
    ? []
    : [
        {
          path: CONNTRACK,
          value: '1',
          accept: ['1'],
          why: 'realservers by full NAT would see clients, and answer past the director',
        },
        ...establishedSysctls(view, host),
      ]

const ESTABLISHED = 'net/netfilter/nf_conntrack_tcp_timeout_established'
/**
 * Whoever forgets first ends an idle connection: connection tracking would give its next packet another source. A longer time costs nothing,
 * because IPVS takes a connection out of connection tracking when it forgets it (ip_vs_conn.c: ip_vs_conn_expire).
 */
function establishedSysctls({ ipvsTimeouts }: NodeView, { sysctls }: Pick<HostNetwork, 'sysctls'>): DesiredSysctl[] {
  const least = ipvsTimeouts.tcp ?? KERNELS.tcp
  const now = sysctls?.get(ESTABLISHED) ?? ''
  const value = Number(now) >= least ? now : String(least)
  return [
    {
      ...{ path: ESTABLISHED, value, accept: [value], optional: true },
      why: 'idle connections by full NAT would end before IPVS forgets them',
    },
  ]
}

/**
 * With `vs/conntrack` connection tracking keeps what IPVS forwards, also by direct routing and tunnels, of which it never sees an answer: after the
 * first packet it takes all others for invalid, and firewalls drop those before IPVS sees them. Without it each is new to it.
 */
export const untracked = (view: NodeView): Socket[] =>
  hidden(view).length === 0
    ? []
    : view.services
        .filter(({ realservers }) => realservers.every(({ forward }) => forwarding(forward).hasVip))
        .flatMap((service) => socketsOf(service, service.address, rangesOf(service)))

export function sourceTroubles(view: NodeView, observed: Observed): Trouble[] {
  const all = hidden(view)
  const sourceToward = sourcesToward(view, observed)
  const lost = all.filter(({ address }) => sourceToward(address) === null)
  const names = [...new Set(lost.map(({ node }) => node))]
  const without = all.length > 0 && observed.sysctls.get(CONNTRACK) === null
  return [
    ...(names.length === 0
      ? []
      : [
          {
            ...{ code: 'no-source', severity: 'critical' as const },
            message: `none of this node's own addresses is on it, so that nothing can be handed to ${names.join(', ')} by full NAT`,
            hint: 'give the node the address that its link has in the configuration (ip address), or correct that: a floating address is never taken for it',
          },
        ]),
    ...(without
      ? [
          {
            ...{ code: 'no-conntrack', severity: 'critical' as const },
            message: `the IPVS of this kernel knows no connection tracking (${CONNTRACK}): full NAT does nothing`,
            hint: 'boot a kernel with CONFIG_IP_VS_NFCT (Debian: package linux-image-amd64), or use forward: nat',
          },
        ]
      : []),
  ]
}
