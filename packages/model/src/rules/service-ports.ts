/** Which packets belong to a service: one port, or several, which IPVS knows by a mark. */
import type { Path } from '../document.ts'
import { checkMarkOf, isAll, markOf, overlap, parsePorts, type PortRange, portsText } from '../ports.ts'
import { serviceKey } from '../service-id.ts'
import { CHECKS, forwarding, type KernelProtocol, type Protocol, protocolRow, usualCheck } from '../tables/index.ts'
import { exampleOf } from '../advice.ts'
import { type Served, type Service } from './pools.ts'
import { entries, isUnread, type Refuse } from './rule.ts'

/** Null: some of it could not be read. */
function rangesOf(service: Service): readonly PortRange[] | null {
  const ranges = entries(service.ports).map(({ item }) => parsePorts(item))
  const read = ranges.filter((range) => range !== null)
  return service.ports?.length === read.length ? read : null
}

export function checkPorts(service: Service, path: Path, servers: readonly Served[], refuse: Refuse): void {
  const [one, several] = [Object.hasOwn(service, 'port'), Object.hasOwn(service, 'ports')]
  if (one && several)
    return refuse('port-and-ports', [...path, 'ports'], 'a service has either a port or several', 'keep one of them')
  if (!one && !several) return refuse('missing', [...path, 'port'], '"port" is missing', exampleOf('port'))
  if (one) return checkOnePort(service.protocol, path, refuse)
  checkList(service, path, refuse)
  for (const { item, place } of servers)
    if (item.port !== undefined)
      refuse(
        'port-with-ports',
        place('port'),
        `service "${service.name}" has several ports: the realserver is asked at the one that the client asked for`,
        'take port out here, or give the service a port of its own',
      )
  checkWhole(service, path, servers, refuse)
}

function checkOnePort(protocol: Protocol | undefined, path: Path, refuse: Refuse): void {
  if (protocol === undefined || protocolRow(protocol).kernel.length === 1) return
  refuse(
    'several-protocols',
    [...path, 'protocol'],
    `IPVS knows a service of ${protocolRow(protocol).title} by a mark alone`,
    'write ports: [PORT] in place of port, or one service for each protocol',
  )
}

function checkList(service: Service, path: Path, refuse: Refuse): void {
  const before: PortRange[] = []
  for (const { at, item } of entries(service.ports)) {
    const range = parsePorts(item)
    const other = range && before.find((known) => overlap(known, range))
    if (range) before.push(range)
    if (range && other)
      refuse('duplicate-port', [...path, 'ports', at], `${item} is in ${portsText([other])} already`, 'take it out')
  }
}

/** All ports: nobody can tell by the port who is checked, and what a realserver says by itself. */
function checkWhole(service: Service, path: Path, servers: readonly Served[], refuse: Refuse): void {
  const { check, protocol } = service
  const ranges = rangesOf(service)
  if (!ranges?.some(isAll)) return
  const type = check?.type ?? usualCheck(protocol)
  const asks = CHECKS[type].asks === 'port'
  if (
    asks &&
    check?.port === undefined &&
    !isUnread(service, 'check') &&
    !isUnread(check, 'port') &&
    !isUnread(check, 'type')
  )
    refuse(
      'no-check-port',
      [...path, 'ports'],
      'nothing says which of all ports is to be checked',
      'add check: { type: tcp, port: 80 }, or { type: none }',
    )
  for (const { item, here } of servers)
    if (item.forward !== undefined && forwarding(item.forward).answersThroughDirector)
      refuse(
        'all-ports-answers',
        here('forward'),
        `with ${forwarding(item.forward).title} the director could not tell answers of all ports from what the realserver says by itself`,
        'name the ports, or use forward: dr',
      )
}

interface Place {
  /** Port, or `all` → whose it is. */
  readonly single: Map<number | 'all', string>
  readonly ranges: (PortRange & { readonly whose: string })[]
}
/** What earlier services have. */
export interface Taken {
  /** By protocol and address. */
  readonly places: Map<string, Place>
  /** Mark → name. */
  readonly marks: Map<number, string>
}

/** All ports of a VIP are those that no other service has. Gives who has some of them already. */
function occupy({ single, ranges }: Place, range: PortRange, whose: string): string | undefined {
  const one = isAll(range) ? 'all' : range.from === range.to ? range.from : null
  const within = (port: number | 'all'): boolean => port !== 'all' && port >= range.from && port <= range.to
  const other =
    one === 'all'
      ? single.get('all')
      : ((one === null ? [...single].find(([port]) => within(port))?.[1] : single.get(one)) ??
        ranges.find((known) => overlap(known, range))?.whose)
  if (one === null) ranges.push({ ...range, whose })
  else if (other === undefined) single.set(one, whose)
  return other
}

export function refuseShared(taken: Taken, service: Service, path: Path, refuse: Refuse): void {
  const { address, protocol, name, port } = service
  if (address === undefined || protocol === undefined) return
  const ranges = service.ports ? (rangesOf(service) ?? []) : port === undefined ? [] : [{ from: port, to: port }]
  for (const kernel of protocolRow(protocol).kernel) {
    const place = taken.places.get(`${kernel} ${address}`) ?? { single: new Map(), ranges: [] }
    taken.places.set(`${kernel} ${address}`, place)
    for (const range of ranges) {
      const whose = `service "${name ?? path.at(-1)}"`
      const other = occupy(place, range, whose)
      if (other !== undefined && other !== whose)
        refuse(
          'duplicate-service',
          [...path, 'address'],
          `"${placeText(kernel, address, range)}" is already ${other}`,
          'one service for each protocol, address and port',
        )
    }
  }
  if (name === undefined) return
  if (service.ports) refuseMark(taken, { name, mark: markOf(name), what: 'the same firewall mark as' }, path, refuse)
  if (service.check?.via === 'vip')
    refuseMark(taken, { name, mark: checkMarkOf(name), what: 'the same mark for its checks as' }, path, refuse)
}
const placeText = (protocol: KernelProtocol, address: string, range: PortRange): string =>
  range.from === range.to
    ? serviceKey({ protocol, address, port: range.from })
    : `${protocol} ${address} ports ${portsText([range])}`

interface Marked {
  readonly name: string
  readonly mark: number
  readonly what: string
}
function refuseMark({ marks }: Taken, { name, mark, what }: Marked, path: Path, refuse: Refuse): void {
  const same = marks.get(mark)
  if (same !== undefined)
    refuse(
      'mark-collision',
      [...path, 'name'],
      `"${name}" has ${what} service "${same}": it comes of the name`,
      'choose another name for one of them',
    )
  marks.set(mark, name)
}
