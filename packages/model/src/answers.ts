/**
 * Answers that a realserver cannot send by its main table, or shall not: they have to pass the director that translated what they answer.
 *
 * * `route: policy` leaves the node its default route, and leads its answers alone through the gateway.
 * * Where the VIP is in the network of the gateway (one network), clients may be there as well, and the route to them is a straight one,
 *   which no default route overrules. So there answers are led whatever `route` says.
 *
 * An answer is told by its source address, protocol and port. Of a range in which the node has ports of its own connections too (from 32768 on,
 * ip_local_port_range) that tells nothing, so what stays in its networks is left alone there.
 */
import { familyOf } from '@lvsm/base'
import { type Cidr, inNetwork } from './address.ts'
import type { Config, ConfigGroup, ConfigRealserver, ConfigService } from './config.ts'
import type { PortRange } from './ports.ts'
import { type AnswerRoute, forwarding, type KernelProtocol, protocolRow } from './tables/index.ts'

/** Through the gateway goes what is for everybody, or for those alone who are beyond the realserver's own networks. */
export type Reach = 'everybody' | 'beyond'

export interface Answers {
  readonly address: string
  readonly protocol: KernelProtocol
  readonly ports: PortRange
}
/** What one gateway has to pass on of one realserver. */
export interface LedAnswers {
  readonly gateway: Cidr
  readonly reach: Reach
  readonly answers: readonly Answers[]
  /** Own addresses of the group's directors: they ask the realserver itself, and are answered straight. */
  readonly straight: readonly string[]
}

const FIRST_OWN_PORT = 32_768
export const LAST_PORT = 65_535
/** Only answers leave from there, and a rule can say so: it cannot of the last port of all. */
export const areAnswers = ({ from, to }: PortRange): boolean => (from === to && to < LAST_PORT) || to < FIRST_OWN_PORT

/** Null: its main table does. */
export function reachOf(
  vip: string,
  ports: readonly PortRange[],
  route: AnswerRoute | undefined,
  gateway: Cidr,
): Reach | null {
  if (inNetwork(vip, gateway) && ports.every(areAnswers)) return 'everybody'
  return route === 'policy' ? 'beyond' : null
}

const rangesOf = ({ ports }: ConfigService, { port }: ConfigRealserver): readonly PortRange[] =>
  ports ?? [{ from: port, to: port }]

export function ledAnswers({ nodes, groups, services }: Config, node: string): LedAnswers[] {
  const led = new Map<string, LedAnswers & { readonly answers: Answers[] }>()
  const gateways = groups.flatMap((group) =>
    group.addresses.filter(({ kind }) => kind === 'gateway').map((floating) => ({ ...floating, group })),
  )
  const straightOf = ({ directors }: ConfigGroup, gateway: string): string[] =>
    nodes
      .filter(({ name }) => directors.includes(name))
      .flatMap(({ links }) => links.map(({ address }) => address))
      .filter((address) => familyOf(address) === familyOf(gateway))
  for (const service of services)
    for (const server of service.realservers) {
      const found = gateways.find(({ address }) => address === server.gateway)
      if (server.node !== node || !found || !forwarding(server.forward).needsGateway) continue
      const ports = rangesOf(service, server)
      const reach = reachOf(service.address, ports, server.route, found)
      if (reach === null) continue
      const { address, prefix, group } = found
      const key = `${address} ${reach}`
      const entry = led.get(key) ?? {
        gateway: { address, prefix },
        reach,
        answers: [],
        straight: straightOf(group, address),
      }
      led.set(key, entry)
      for (const protocol of protocolRow(service.protocol).kernel)
        for (const range of ports) add(entry.answers, { address: server.address, protocol, ports: range })
    }
  return [...led].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, entry]) => entry)
}

/** Services of several VIPs may share a realserver's port. */
function add(all: Answers[], one: Answers): void {
  const same = all.some(
    ({ address, protocol, ports }) =>
      address === one.address &&
      protocol === one.protocol &&
      ports.from === one.ports.from &&
      ports.to === one.ports.to,
  )
  if (!same) all.push(one)
}
