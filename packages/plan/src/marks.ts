/**
 * Marks of packets: IPVS knows a service on several ports by a firewall mark (ip_vs_core.c looks for it before it looks for an
 * address), so that its connections of all ports have one scheduler, and one persistence. The rules are ours: by address,
 * protocol and ports, in prerouting, and no other packet is touched. Reassembled packets have the mark of their first fragment.
 */
import { type ConfigService, isAll, type KernelProtocol, type PortRange, protocolRow } from '@lvsm/model'

export interface Marking {
  readonly address: string
  readonly protocol: KernelProtocol
  readonly ports: PortRange
  /** Null: it is of a service that IPVS knows by its address, and no rule after this one marks it. */
  readonly mark: number | null
}

type OnPorts = ConfigService & { readonly ports: readonly PortRange[]; readonly fwmark: number }
const isOnPorts = (service: ConfigService): service is OnPorts =>
  service.ports !== undefined && service.fwmark !== undefined
const isWhole = ({ ports }: Marking): boolean => isAll(ports)

/** In the order in which the first that matches counts: whoever has all ports of an address has what is left. */
export function marksOf(services: readonly ConfigService[]): Marking[] {
  const marks = services
    .filter(isOnPorts)
    .flatMap(({ address, protocol, ports, fwmark }) =>
      protocolRow(protocol).kernel.flatMap((kernel) =>
        ports.map((range): Marking => ({ address, protocol: kernel, ports: range, mark: fwmark })),
      ),
    )
  const whole = marks.filter(isWhole)
  const others = services
    .filter((service) => !isOnPorts(service))
    .flatMap(({ address, protocol, port }) =>
      protocolRow(protocol).kernel.map(
        (kernel): Marking => ({ address, protocol: kernel, ports: { from: port, to: port }, mark: null }),
      ),
    )
    .filter((one) => whole.some(({ address, protocol }) => address === one.address && protocol === one.protocol))
  return [...marks.filter((one) => !isWhole(one)), ...others, ...whole]
}
