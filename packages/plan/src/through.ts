/**
 * Checks that go through IPVS to the VIP: what the kernel needs for them on the owner. The prober asks the VIP from this node's own address;
 * a rule gives its packets a mark, IPVS knows a service by that mark of whose destinations one alone has a weight, and so the packets go the
 * way that clients' packets go, to a realserver that is known. The others stay at weight 0: IPVS drops packets of connections whose
 * destination is gone, so who was asked before would never hear that the connection ended. The answer has the VIP as its source, an address
 * of this node: the kernel takes that for a forgery unless the interface says otherwise (ip-sysctl: accept_local, rp_filter).
 */
import { familyOf } from '@lvsm/base'
import {
  checkMarkOf,
  type ConfigRealserver,
  type ConfigService,
  destKey,
  forwarding,
  isCheckMark,
  isMark,
  type NodeView,
  overOf,
  serviceId,
} from '@lvsm/model'
import type { DesiredDest, DesiredService } from './desired.ts'
import { sourcesToward } from './full-nat.ts'
import type { HostNetwork } from './host-network.ts'
import type { Operation } from './operation.ts'
import type { DesiredSysctl } from './sysctls.ts'
import { isOfOwnDevice, tunnelWay } from './tunnels.ts'

/** One destination alone has a weight. */
const PLAIN = { scheduler: 'rr', flags: [] } as const
/** IPVS keeps what it knows of a port for minutes, and a port that is used again would be asked elsewhere: of datagrams it is to keep nothing. */
const DATAGRAMS = { ...PLAIN, onePacket: true } as const
type Over = 'tcp' | 'udp'
const over = ({ check }: Pick<ConfigService, 'check'>): Over => overOf(check.type, check.keys) ?? 'tcp'

/** What asks the VIP from `source` gets the mark. */
export interface ThroughRule {
  readonly protocol: Over
  readonly source: string
  readonly address: string
  readonly port: number
  readonly mark: number
}

/** Answers of NAT realservers come back through IPVS, which knows no answer to itself. */
const goesThrough = ({ forward }: ConfigRealserver): boolean => {
  const { answersThroughDirector, onDirector } = forwarding(forward)
  return !answersThroughDirector && !onDirector
}

/** As a service of its own, which IPVS knows by its mark; null: its checks go to realservers' own addresses. */
export function throughService(service: ConfigService): ConfigService | null {
  if (service.check.via !== 'vip') return null
  const { ports: _, ...one } = service
  const realservers = service.realservers.filter(goesThrough)
  return { ...one, port: 0, fwmark: checkMarkOf(service.name), family: familyOf(service.address), realservers }
}

const ofOwned = ({ services }: NodeView, owned: ReadonlySet<string>): readonly [ConfigService, ConfigService][] =>
  services.flatMap((service) => {
    const through = owned.has(service.group) ? throughService(service) : null
    return through ? [[service, through] as [ConfigService, ConfigService]] : []
  })

/** Own address from which a realserver is asked, of the VIP's family; null: this node has none. */
export function throughSource(
  view: Pick<NodeView, 'node'>,
  host: HostNetwork,
  { address: vip }: Pick<ConfigService, 'address'>,
  { address }: Pick<ConfigRealserver, 'address'>,
): string | null {
  return sourcesToward(view, host)(familyOf(address) === familyOf(vip) ? address : vip)
}

export function throughServices(
  view: NodeView,
  owned: ReadonlySet<string>,
  turns: ReadonlyMap<string, string>,
): DesiredService[] {
  return ofOwned(view, owned).map(([{ name, group }, through]) => {
    const dests = through.realservers.map((entry): DesiredDest => {
      const { address, port, forward } = entry
      const weight = destKey(entry) === turns.get(name) ? 1 : 0
      return { address, port, forward: forwarding(forward).kernel, weight, ...tunnelWay(entry) }
    })
    return {
      ...serviceId(through),
      name,
      group,
      spec: over(through) === 'udp' ? DATAGRAMS : PLAIN,
      flushConnections: false,
      dests,
    }
  })
}

/** Own addresses that the services' realservers are asked from. */
function sources(view: NodeView, host: HostNetwork, service: ConfigService): string[] {
  const found = service.realservers.flatMap((entry) => throughSource(view, host, service, entry) ?? [])
  return [...new Set(found)]
}

export function throughRules(view: NodeView, owned: ReadonlySet<string>, host: HostNetwork): ThroughRule[] {
  return ofOwned(view, owned).flatMap(([{ name, address, port, check }, through]) =>
    sources(view, host, through).map((source) => ({
      ...{ protocol: over(through), source, address },
      // Of several ports, the one that is checked.
      ...{ port: port || (check.port ?? 0), mark: checkMarkOf(name) },
    })),
  )
}

const WHY = 'answers of realservers to checks through the VIP would be taken for forged'
const ALL = 'net/ipv4/conf/all/rp_filter'

/**
 * Of IPv4; IPv6 takes such an answer as it is. Of `all` and the interface the larger rp_filter counts, so a 0 here says nothing before that one
 * is known: it is read, whatever it is.
 */
export function throughSysctls(view: NodeView, owned: ReadonlySet<string>, host: HostNetwork): DesiredSysctl[] {
  const names = ofOwned(view, owned)
    .flatMap(([, through]) => sources(view, host, through))
    .filter((source) => familyOf(source) === 'ipv4')
    .flatMap((source) => host.addresses.find(({ address }) => address === source)?.index ?? [])
    .flatMap((index) => host.links.find((link) => link.index === index)?.name ?? [])
    .filter((name) => !name.includes('/'))
  if (names.length === 0) return []
  const all = host.sysctls?.get(ALL) ?? '0'
  const loose = all === '1' ? ['2'] : ['0', '2']
  return [
    { path: ALL, value: all, accept: [all], why: WHY },
    ...[...new Set(names)].flatMap((name) => [
      { path: `net/ipv4/conf/${name}/accept_local`, value: '1', accept: ['1'], why: WHY },
      { path: `net/ipv4/conf/${name}/rp_filter`, value: '2', accept: loose, why: WHY },
    ]),
  ]
}

const SETTING = /^net\/ipv4\/conf\/[^/]+\/(accept_local|rp_filter)$/
/** Of the entries that checks go through. */
export const isOfEntry = (operation: Operation): boolean =>
  'service' in operation && isMark(operation.service) && isCheckMark(operation.service.fwmark)
/** What checks alone need: clients are served without it. */
export const isForChecks = (operation: Operation): boolean =>
  isOfEntry(operation) ||
  (operation.kind === 'sysctl' && SETTING.test(operation.path) && !isOfOwnDevice(operation.path))
