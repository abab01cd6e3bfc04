/** What the data plane of one node should be. */
import { familyOf } from '@lvsm/base'
import {
  type ConfigService,
  destKey,
  forwarding,
  type KernelMethod,
  type NodeView,
  refusesAtZero,
  type IpvsTimeouts,
  type ServiceId,
  type ServiceSpec,
  type TunnelPort,
  serviceId,
  specOf,
  timeoutsText,
} from '@lvsm/model'
import { type DesiredAlias, dummySysctls } from './aliases.ts'
import { answerSysctls, type DesiredAnswers, desiredAnswers } from './answers.ts'
import { sourceRules, sourceSysctls, untracked } from './full-nat.ts'
import { type NatRules, natRules, withSources, withThrough, withTunnels, withUntracked } from './nat-rules.ts'
import type { DesiredGateway } from './default-routes.ts'
import { type HostNetwork, interfaceFor } from './host-network.ts'
import { type DesiredSync, desiredSync, sameDaemon, syncSysctls } from './sync.ts'
import {
  type DesiredSysctl,
  aliasSysctls,
  directorSysctls,
  FORGETTING,
  gatewaySysctls,
  handedSysctls,
  sloppySysctls,
} from './sysctls.ts'
import { throughRules, throughServices, throughSysctls } from './through.ts'
import { tunnelRules } from './tunnel-rules.ts'
import { type DesiredTunnel, desiredTunnels, tunnelSysctls, tunnelWay } from './tunnels.ts'

export interface DesiredDest {
  readonly address: string
  readonly port: number
  readonly forward: KernelMethod
  /** Of `tun`, as in what is observed. */
  readonly tunnel?: string
  readonly weight: number
  /** Connections at which it gets no new ones, and under which it gets some again; not there: no limit. */
  readonly upper?: number
  readonly lower?: number
}
export type DesiredService = ServiceId & {
  readonly name: string
  readonly group: string
  readonly spec: ServiceSpec
  /** No connection may be remembered: those that are were begun in an earlier reign. */
  readonly flushConnections: boolean
  readonly dests: readonly DesiredDest[]
}
export interface Desired {
  readonly sysctls: readonly DesiredSysctl[]
  /** VIPs that this node has for itself as a realserver. */
  readonly aliases: readonly DesiredAlias[]
  /** Devices by which it unwraps what directors tunnel to it. */
  readonly tunnels: readonly DesiredTunnel[]
  /** UDP ports on which it unwraps GUE. */
  readonly gue: readonly TunnelPort[]
  /** The default routes of a realserver that needs some, one of each family. */
  readonly gateways: readonly DesiredGateway[]
  /** Answers that go through a gateway whatever the main table says. */
  readonly answers: DesiredAnswers
  readonly services: readonly DesiredService[]
  /** nftables rules of our own table; null when none are needed. */
  readonly natRules: NatRules | null
  /** Of a director, where the configuration says any. */
  readonly timeouts?: IpvsTimeouts
  /** Null: connections are not synchronised. */
  readonly sync: DesiredSync | null
}

/** Of a node that leaves: a plan for it takes back all that is ours. */
export const NOTHING_DESIRED: Desired = {
  ...{ sysctls: [], aliases: [], tunnels: [], gue: [], gateways: [], services: [], natRules: null, sync: null },
  answers: { routes: [], rules: [] },
}

export interface PlanInput {
  readonly view: NodeView
  /** Groups that this node owns now. */
  readonly owned: ReadonlySet<string>
  /** Service name → keys of the destinations that shall be served. */
  readonly serving: ReadonlyMap<string, ReadonlySet<string>>
  /** Service name → keys of destinations that stay at weight 0: failed or stopped ones until they have drained, drained ones as long as wanted. */
  readonly draining: ReadonlyMap<string, ReadonlySet<string>>
  /** Of a persistent service one is stopped, and in the table for its established connections alone: clients may not come back to it. */
  readonly forgetting?: boolean
  /** Service name → key of a destination → its weight now, where that is not the configuration's. */
  readonly weights?: ReadonlyMap<string, ReadonlyMap<string, number>>
  /** Groups that are about to move: where connections must end before it, destinations take no new ones. */
  readonly quiescing: ReadonlySet<string>
  /** Group → addresses of the director that hands it over to this node now, the better ones first. */
  readonly handover: ReadonlyMap<string, readonly string[]>
  /** Groups that come to this node, which must not know any of their connections, unless the owner tells it of them. */
  readonly flushing: ReadonlySet<string>
  /** Service name → key of the destination whose turn it is to be checked through IPVS. */
  readonly turns?: ReadonlyMap<string, string>
}

const NOBODY: ReadonlySet<string> = new Set()

/** The whole data plane of one node, from its view, what it owns, and whom its checks found alive. */
export function desired(planInput: PlanInput, host: HostNetwork): Desired {
  const { view, owned, handover } = planInput
  const aliases = view.answersFor
    .filter((entry) => !owned.has(entry.group))
    .map(({ address, placement }): DesiredAlias => ({ address, placement }))
  // Nobody asks for IPv6 by ARP, and what is on another interface than that of the question no kernel answers for (RFC 4861, section 7.2.3).
  const silent = aliases.flatMap(({ address }) => (familyOf(address) === 'ipv4' ? [address] : []))
  const answering = view.services.flatMap(({ realservers }) =>
    realservers.flatMap(({ forward, address }) => (forwarding(forward).answersThroughDirector ? [address] : [])),
  )
  const forwards = new Set(answering.map(familyOf))
  const tunnels = desiredTunnels(view)
  const floating = view.directs.flatMap((group) => group.addresses)
  const sync = desiredSync(view, host)
  const known = hears(sync, host)
  return {
    sysctls: eachOnce([
      ...(view.directs.length > 0 ? directorSysctls(host, forwards, floating, answering) : []),
      ...(planInput.forgetting === true ? FORGETTING : []),
      ...syncSysctls(sync),
      ...(view.directs.length > 0 ? sloppySysctls(view) : []),
      ...sourceSysctls(view, host),
      ...(silent.length > 0 ? aliasSysctls(host, silent) : []),
      ...handedSysctls(host, view.handedAt),
      ...gatewaysOf(view).flatMap((gateway) => gatewaySysctls(host, gateway)),
      ...answerSysctls(view, host),
      ...tunnelSysctls(host, tunnels),
      ...dummySysctls(host, aliases),
      ...throughSysctls(view, owned, host),
    ]),
    aliases,
    tunnels,
    gue: view.tunnelPorts,
    gateways: view.gateways.map((address) => ({ address, index: interfaceFor(host, address)?.index ?? 0 })),
    answers: desiredAnswers(view, host),
    services: [
      ...view.services.map((service) => desiredService(service, planInput, known)),
      ...throughServices(view, owned, planInput.turns ?? new Map()),
    ],
    natRules: withUntracked(
      withThrough(
        withSources(
          withTunnels(natRules(view, handover, sync, known, host), tunnelRules(view, host)),
          sourceRules(view, host),
        ),
        throughRules(view, owned, host),
      ),
      untracked(view),
    ),
    sync,
    ...(view.directs.length > 0 && timeoutsText(view.ipvsTimeouts) !== '' ? { timeouts: view.ipvsTimeouts } : {}),
  }
}

/** What two need of one setting is what both take. */
function eachOnce(all: readonly DesiredSysctl[]): DesiredSysctl[] {
  const found = new Map<string, DesiredSysctl>()
  for (const one of all) {
    const before = found.get(one.path)
    found.set(
      one.path,
      before ? { ...before, accept: before.accept.filter((value) => one.accept.includes(value)) } : one,
    )
  }
  return [...found.values()]
}

/** Through which answers of this node go back, each once. */
export const gatewaysOf = ({ gateways, led }: NodeView): string[] => [
  ...new Set([...gateways, ...led.map((one) => one.gateway.address)]),
]

/** The owner's messages arrive: what this node knows of connections is what the owner knows, and must not be forgotten. */
const hears = (sync: DesiredSync | null, { syncDaemons }: HostNetwork): boolean => {
  const backup = sync?.daemons.find(({ state }) => state === 'backup')
  return backup !== undefined && syncDaemons?.some((one) => sameDaemon(one, backup)) === true
}

function desiredService(service: ConfigService, planInput: PlanInput, synchronised: boolean): DesiredService {
  const serving = planInput.serving.get(service.name) ?? NOBODY
  const draining = planInput.draining.get(service.name) ?? NOBODY
  const weights = planInput.weights?.get(service.name)
  const weightOf = (entry: { readonly address: string; readonly port: number; readonly weight: number }): number =>
    weights?.get(destKey(entry)) ?? entry.weight
  const quiet =
    !refusesAtZero(service) &&
    planInput.quiescing.has(service.group) &&
    service.realservers.some(
      (entry) => !forwarding(entry.forward).connectionsMustEnd && weightOf(entry) > 0 && serving.has(destKey(entry)),
    )
  const dests = service.realservers.flatMap(
    ({ address, port, forward: method, weight: full, ...more }): DesiredDest[] => {
      const key = destKey({ address, port })
      const weight = weightOf({ address, port, weight: full })
      const { kernel: forward, connectionsMustEnd } = forwarding(method)
      const rest = { ...limitsOf(more), ...tunnelWay(more) }
      if (serving.has(key))
        return [{ address, port, forward, weight: quiet && connectionsMustEnd ? 0 : weight, ...rest }]
      return draining.has(key) ? [{ address, port, forward, weight: 0, ...rest }] : []
    },
  )
  const { name, group } = service
  const flushConnections = planInput.flushing.has(group) && !planInput.owned.has(group) && !synchronised
  return { ...serviceId(service), name, group, spec: specOf(service), flushConnections, dests }
}

const limitsOf = ({ upper, lower }: Pick<DesiredDest, 'upper' | 'lower'>) => ({
  ...(upper === undefined ? {} : { upper }),
  ...(lower === undefined ? {} : { lower }),
})
