/** Checks that go through IPVS to the VIP: where they can, and where nobody could answer. */
import type { Path } from '../document.ts'
import { parsePorts, portsText } from '../ports.ts'
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
  const over = overOf(type, { ...check })
  if (!isUnread(check, 'type')) {
    if (over === null || CHECKS[type].asks !== 'port')
      refuse(
        'via-type',
        at,
        `a check of type ${type} asks no port that could be asked through IPVS`,
        'take it out, or write a type that does: type: tcp, or type: udp',
      )
    else if (protocol !== undefined && !protocolRow(protocol).kernel.some((one) => one === over))
      refuseProtocol(service, over, at, refuse)
  }
  if (type === 'udp' && !isUnread(check, 'expect') && check['expect'] === undefined)
    refuse(
      'via-expect',
      at,
      'a check of type udp without expect is content where nothing comes back, as from a realserver that drops what is for the VIP',
      'add expect, or take via out',
    )
  refusePort(service, at, refuse)
  for (const { item, here } of servers)
    if (item.forward !== undefined && !isProved(item.forward))
      refuse(
        'via-forward',
        here('forward'),
        `${item.node} gets its packets by ${forwarding(item.forward).title}, and its service is checked through the VIP: its answers would not come back to the check`,
        `take via: vip out of the check: its own address proves as much there; it is for forward: ${namesOf(FORWARDING).filter(isProved).join(' or ')}`,
      )
}

function refuseProtocol({ check, protocol }: Service, over: 'tcp' | 'udp', at: Path, refuse: Refuse): void {
  if (protocol === undefined) return
  const { title, kernel } = protocolRow(protocol)
  const type = check?.type ?? usualCheck(protocol)
  const others = kernel.includes('udp')
    ? 'a type that asks over UDP: type: udp, or type: dns'
    : 'a type that connects: type: tcp'
  const isAskable = kernel.includes('tcp') || kernel.includes('udp')
  refuse(
    'via-protocol',
    at,
    `a check of type ${type} asks over ${over.toUpperCase()}, and IPVS has a service of ${title} at this port`,
    type === 'dns'
      ? `${over === 'udp' ? 'add tcp: true' : 'take tcp out'}, or take via out`
      : `take via out${isAskable ? `, or write ${others}` : ''}`,
  )
}

/** Of several ports, any that the service has. */
function refusePort(service: Service, at: Path, refuse: Refuse): void {
  const { check, port, ports } = service
  if (check?.port === undefined) return
  const wanted = check.port
  const ranges = ports?.flatMap((one) => (one === undefined ? [] : (parsePorts(one) ?? [])))
  if (ranges ? ranges.some(({ from, to }) => wanted >= from && wanted <= to) : wanted === port) return
  refuse(
    'via-port',
    at,
    `the VIP is asked at ${ranges ? 'a port' : 'the port'} of the service, not at ${wanted}`,
    ranges ? `take one of its ports: ${portsText(ranges)}` : 'take port out of the check, or take via out',
  )
}
