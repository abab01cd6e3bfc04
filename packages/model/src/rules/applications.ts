/** Services whose connections IPVS reads: what it can read, and whom it can let in. */
import type { Path } from '../document.ts'
import { forwarding, type Forward, type ForwardingRow, helperRow, namesOf, FORWARDING } from '../tables/index.ts'
import type { Served, Service } from './pools.ts'
import type { Refuse } from './rule.ts'

/**
 * A helper changes addresses in what both sides say, so both must pass it: IPVS binds one to connections by NAT alone (ip_vs_app.c). And
 * what the realserver opens to a client must find its way to the director.
 */
const canHelp = (method: Forward): boolean => forwarding(method).kernel === 'nat' && forwarding(method).needsGateway

export function checkHelper(service: Service, servers: readonly Served[], path: Path, refuse: Refuse): void {
  const { helper, protocol, ports } = service
  if (helper === undefined) return
  const { title, protocol: spoken, port } = helperRow(helper)
  const place = [...path, 'helper']
  if (protocol !== undefined && protocol !== spoken)
    refuse(
      'helper-protocol',
      place,
      `${title} is spoken over ${spoken}, and the service is of ${protocol}`,
      `take it out, or use protocol: ${spoken}`,
    )
  if (ports !== undefined)
    refuse(
      'helper-ports',
      place,
      `the helper reads connections to the one port on which ${title} is spoken, and lets the others in by itself`,
      `write port: ${port} in place of ports; or take it out, and give the service its passive ports and persistence`,
    )
  for (const { item, here } of servers) {
    if (item.forward === undefined || canHelp(item.forward)) continue
    refuse(
      'helper-forward',
      here('forward'),
      why(forwarding(item.forward), item.node, title),
      `use forward: ${namesOf(FORWARDING).filter(canHelp).join(' or ')}; or take helper out, and use ports: [${port}, PASSIVE-PORTS] with persistence`,
    )
  }
}

const why = ({ title, hidesClients }: ForwardingRow, node: string | undefined, helper: string): string =>
  hidesClients
    ? `with ${title} "${node}" needs no way to clients, and ${helper} may have it open a connection to one`
    : `${title} lets answers of "${node}" go another way, or as they are, and a helper of ${helper} must change addresses in both directions`
