/** Checks that go through IPVS to the VIP: where they can, and where nobody could answer. */
import type { Path } from '../document.ts'
import { CHECKS, FORWARDING, forwarding, namesOf, overOf, protocolRow, usualCheck } from '../tables/index.ts'
import type { Served, Service } from './pools.ts'
import { isUnread, type Refuse } from './rule.ts'

/** Answers of the others come back through IPVS, which does not translate what it began itself, or never leave the director. */
const isProved = (name: keyof typeof FORWARDING): boolean => {
  const { answersThroughDirector, onDirector } = forwarding(name)
  return !answersThroughDirector && !onDirector
}

export function checkVia(service: Service, servers: readonly Served[], path: Path, refuse: Refuse): void {
  const { check, protocol } = service
  if (check?.via !== 'vip') return
  const at: Path = [...path, 'check', 'via']
  const type = check.type ?? usualCheck(protocol)
  if (!isUnread(check, 'type') && (overOf(type, { ...check }) !== 'tcp' || CHECKS[type].asks !== 'port'))
    refuse(
      'via-type',
      at,
      `a check of type ${type} opens no connection of TCP that could go through IPVS`,
      type === 'dns' ? 'add tcp: true, or take it out' : 'take it out, or write a type that connects: type: tcp',
    )
  if (protocol !== undefined && protocolRow(protocol).kernel.join() !== 'tcp')
    refuse(
      'via-protocol',
      at,
      `a service of ${protocolRow(protocol).title} is not reached by a connection of TCP`,
      'take it out; it is for protocol: tcp',
    )
  if (service.ports !== undefined)
    refuse(
      'via-ports',
      at,
      `service "${service.name}" has several ports: packets to the VIP have a mark already`,
      'take it out, or write a service for each port',
    )
  if (check.port !== undefined && check.port !== service.port)
    refuse(
      'via-port',
      at,
      `the VIP is asked at the port of the service, not at ${check.port}`,
      'take port out of the check, or take via out',
    )
  for (const { item, here } of servers)
    if (item.forward !== undefined && !isProved(item.forward))
      refuse(
        'via-forward',
        here('forward'),
        `${item.node} gets its packets by ${forwarding(item.forward).title}, and its service is checked through the VIP: its answers would not come back to the check`,
        `take via: vip out of the check: its own address proves as much there; it is for forward: ${namesOf(FORWARDING).filter(isProved).join(' or ')}`,
      )
}
