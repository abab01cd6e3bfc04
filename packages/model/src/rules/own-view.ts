/** A realserver's own agent looks at its own socket: beside a check from outside, where it can look, and where there is one. */
import type { Path } from '../document.ts'
import { isAll, parsePorts } from '../ports.ts'
import { KERNEL_PROTOCOLS, probeOf, PROTOCOLS, protocolRow, namesOf, usualCheck } from '../tables/index.ts'
import type { Served, Service } from './pools.ts'
import { entries, isUnread, type Refuse } from './rule.ts'

const isSeen = (name: keyof typeof PROTOCOLS): boolean => {
  const { kernel } = protocolRow(name)
  return kernel.length === 1 && kernel.every((one) => KERNEL_PROTOCOLS[one].seen)
}

export function checkOwnView(service: Service, servers: readonly Served[], path: Path, refuse: Refuse): void {
  const { check, protocol } = service
  if (check?.['own-view'] !== true) return
  const at: Path = [...path, 'check', 'own-view']
  const type = check.type ?? usualCheck(protocol)
  if (probeOf(type) === null && !isUnread(check, 'type'))
    refuse(
      'own-view-alone',
      at,
      'a machine that dies takes its agent with it: somebody else has to ask it, too',
      'add a type that asks from outside; type: icmp costs least',
    )
  if (protocol !== undefined && !isSeen(protocol))
    refuse(
      'own-view-protocol',
      at,
      `an agent does not see for ${protocolRow(protocol).title} whether somebody listens`,
      `take it out; it is for protocol: ${namesOf(PROTOCOLS).filter(isSeen).join(' or ')}`,
    )
  const ranges = entries(service.ports).map(({ item }) => parsePorts(item))
  if (ranges.some((range) => range && isAll(range)) && check.port === undefined && !isUnread(check, 'port'))
    refuse(
      'own-view-port',
      at,
      'nothing says at which of all ports somebody has to listen',
      'name the ports of the service, or take a type of check that asks one, with port: PORT',
    )
  if (servers.length > 0 && servers.every(({ item }) => item.agent === false))
    refuse(
      'own-view-nobody',
      at,
      `no agent runs on any realserver of service "${service.name}" (agent: false)`,
      'take it out, or let the machine join the cluster: lvsm join TOKEN --role realserver',
    )
}
