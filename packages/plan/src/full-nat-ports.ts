/**
 * How many connections full NAT has to the sockets of realservers. Each takes a port of the director's one address there, whatever it came to:
 * their answers are told apart by nothing else. The kernel takes those from 1024 on for clients that have such a one (nf_nat_core.c:
 * nf_nat_l4proto_unique_tuple), and drops the packet where it finds none.
 */
import { type ConfigService, destKey, forwarding, type NodeView, type PortRange, protocolRow } from '@lvsm/model'
import { sourcesToward } from './full-nat.ts'
import type { HostNetwork } from './host-network.ts'
import { type Observed, observedService } from './observed.ts'

const PORTS = 65_536 - 1024

export interface PortsUsed {
  readonly node: string
  /** Address and ports of the realserver. */
  readonly socket: string
  readonly source: string
  readonly used: number
  readonly most: number
  readonly services: readonly string[]
}

/** Of services of these groups: what a standby was told of has no ports here. */
export function portsUsed(
  view: Pick<NodeView, 'node' | 'services'>,
  observed: HostNetwork & Pick<Observed, 'services'>,
  groups: ReadonlySet<string>,
): PortsUsed[] {
  const found = new Map<string, PortsUsed>()
  const sourceToward = sourcesToward(view, observed)
  for (const service of view.services) {
    const hidden = groups.has(service.group)
      ? service.realservers.filter(({ forward }) => forwarding(forward).hidesClients)
      : []
    if (hidden.length === 0) continue
    const dests = new Map(observedService(observed, service)?.dests.map((one) => [destKey(one), one]))
    for (const realserver of hidden) {
      const dest = dests.get(destKey(realserver))
      const source = dest ? sourceToward(realserver.address) : null
      if (source === null || !dest) continue
      const socket = socketText(service, realserver)
      // Several services may lead to one socket.
      const key = `${service.protocol} ${socket}`
      const { used = 0, services = [] } = found.get(key) ?? {}
      found.set(key, {
        ...{ node: realserver.node, socket, source, most: PORTS * socketsOf(service) },
        used: used + dest.active + dest.inactive,
        services: [...services, service.name],
      })
    }
  }
  return [...found.values()]
}

const sizeOf = ({ from, to }: PortRange): number => to - from + 1
const socketsOf = ({ ports, protocol }: ConfigService): number =>
  (ports ?? [{ from: 1, to: 1 }]).reduce((sum, range) => sum + sizeOf(range), 0) * protocolRow(protocol).kernel.length

function socketText({ ports }: ConfigService, { address, port }: { readonly address: string; readonly port: number }) {
  if (ports === undefined) return destKey({ address, port })
  const each = ports.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`)).join(',')
  return `${address.includes(':') ? `[${address}]` : address}:${each}`
}
