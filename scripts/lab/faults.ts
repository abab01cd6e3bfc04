import { clusterNodes, networksOf, portOf, type Topology } from './topology.ts'

/** Something that a fault does to the kernel's network, in the lab's outer namespace unless `namespace` is given. */
export interface NetworkStep {
  readonly tool: 'ip' | 'nft' | 'tc'
  readonly namespace?: string
  /** Lines for the tool's batch mode. */
  readonly lines: readonly string[]
}

/** Percent lost and milliseconds delayed, each way, by node. */
export interface Impairment {
  readonly loss: number
  readonly delay: number
}

const knownNode = (topology: Topology, name: string) => {
  const node = topology.nodes.find((one) => one.name === name)
  if (!node)
    throw new RangeError(`no node is called ${name}; there are ${topology.nodes.map((n) => n.name).join(', ')}`)
  return node
}

/** `dir1,rs1` or `others` (all cluster nodes that the other side does not name). */
export function namesOf(topology: Topology, text: string, besides: readonly string[] = []): string[] {
  const cluster = clusterNodes(topology).map((node) => node.name)
  if (text === 'others') return cluster.filter((name) => !besides.includes(name))
  return text.split(',').map((name) => knownNode(topology, name).name)
}

/**
 * Both ends of the node's cables lose their carrier; its processes go on. To take links down one after the other costs
 * tens of milliseconds, in which a node would be half dead: its ports go dark first, all in one transaction.
 */
export function powerSteps(topology: Topology, name: string, on: boolean): NetworkStep[] {
  const node = knownNode(topology, name)
  const ports = networksOf(topology, node).map((network) => portOf(name, network))
  const dark = `element bridge lab dark { ${ports.map((port) => `"${port}"`).join(', ')} }`
  const links: NetworkStep = { tool: 'ip', lines: ports.map((port) => `link set ${port} ${on ? 'up' : 'down'}`) }
  // Deleting what may not be there: added first, it is.
  return on
    ? [links, { tool: 'nft', lines: [`add ${dark}`, `delete ${dark}`] }]
    : [{ tool: 'nft', lines: [`add ${dark}`] }, links]
}

/** One cable of the node is pulled or put back: its end there loses or regains its carrier. */
export function cableStep(topology: Topology, name: string, network: string, on: boolean): NetworkStep {
  const known = networksOf(topology, knownNode(topology, name))
  const wanted = known.find((one) => one.name === network)
  if (!wanted)
    throw new RangeError(`${name} has no network called ${network}; it has ${known.map((one) => one.name).join(', ')}`)
  return { tool: 'ip', lines: [`link set ${portOf(name, wanted)} ${on ? 'up' : 'down'}`] }
}

/** Frames from each of `from` to each of `to` are dropped by the bridge; `network` limits it to one network. */
export function cutSteps(
  topology: Topology,
  from: readonly string[],
  to: readonly string[],
  network?: string,
): NetworkStep[] {
  const networks = topology.networks.filter((one) => network === undefined || one.name === network)
  if (networks.length === 0) throw new RangeError(`no network is called ${network}`)
  const elements = networks.flatMap((one) =>
    from.flatMap((source) =>
      to
        .filter((target) => [source, target].every((name) => knownNode(topology, name).addresses[one.name]))
        .map((target) => `"${portOf(source, one)}" . "${portOf(target, one)}"`),
    ),
  )
  return elements.length === 0
    ? []
    : [{ tool: 'nft', lines: [`add element bridge lab cut { ${elements.join(', ')} }`] }]
}

/** netem on both ends of every cable of the node, so that both directions suffer; nothing left to suffer removes it. */
export function impairSteps(topology: Topology, name: string, { loss, delay }: Impairment): NetworkStep[] {
  const networks = networksOf(topology, knownNode(topology, name))
  const terms = [...(loss > 0 ? [`loss ${loss}%`] : []), ...(delay > 0 ? [`delay ${delay}ms`] : [])].join(' ')
  const line = (device: string) =>
    terms ? `qdisc replace dev ${device} root netem limit 10000 ${terms}` : `qdisc del dev ${device} root`
  return [
    { tool: 'tc', lines: networks.map((network) => line(portOf(name, network))) },
    { tool: 'tc', namespace: name, lines: networks.map((network) => line(network.name)) },
  ]
}

/** No pair of ports is cut any more. */
export const rejoinSteps: readonly NetworkStep[] = [{ tool: 'nft', lines: ['flush set bridge lab cut'] }]
