/** Queueing disciplines that delay or lose what leaves this node by an interface that the cluster uses: somebody tried something, and forgot it. */
import { netemAway, netemHarm, type Trouble } from '@lvsm/base'
import type { NodeView } from '@lvsm/model'
import { type HostNetwork, interfaceFor } from './host-network.ts'
import type { Observed } from './observed.ts'

export function netemTroubles(view: NodeView, observed: Observed): Trouble[] {
  const { netem = [], links } = observed
  return netem.flatMap((one) => {
    const harm = netemHarm(one)
    const dev = links.find(({ index }) => index === one.index)
    const uses = dev && harm ? usesOf(view, observed, dev.name) : []
    if (!dev || !harm || uses.length === 0) return []
    const { name } = dev
    return [
      {
        ...{ code: 'qdisc-harm', severity: harm.severity, object: `interface ${name}` },
        message: `interface ${name} of ${view.node.name} ${harm.does}: a queueing discipline netem stands there`,
        evidence: `tc qdisc show dev ${name}; by it go ${uses.join(', ')}`,
        hint: `on ${view.node.name}: ${netemAway(name, one)}, and take it from whatever makes it`,
      },
    ]
  })
}

/** What of the cluster leaves by an interface. */
export function usesOf(
  { node, directs, services, answersFor, gateways }: NodeView,
  host: HostNetwork,
  dev: string,
): string[] {
  const isBy = (address: string): boolean => interfaceFor(host, address)?.name === dev
  const heartbeats = node.links.filter(({ address }) => isBy(address)).map(({ name }) => `heartbeat link ${name}`)
  const floating = directs.flatMap(({ addresses }) => addresses)
  const own = floating.some((one) => (one.interface === null ? isBy(one.address) : one.interface === dev))
  const servers = services.some(({ realservers }) => realservers.some(({ address }) => isBy(address)))
  const answers = [...answersFor.map(({ address }) => address), ...gateways].some(isBy)
  return [
    ...heartbeats,
    ...(own ? ['what clients get'] : []),
    ...(servers ? ['what realservers get'] : []),
    ...(answers ? ['answers to clients'] : []),
  ]
}
