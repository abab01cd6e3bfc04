import type { Refusal } from '../../packages/base/src/index.ts'

/** A layer-2 network of the lab: one bridge; every attached node has an interface of this name inside. */
export interface Network {
  /** Interface name inside the namespaces (`outside`). */
  readonly name: string
  /** Bridge name, and suffix of the ports (`out` gives `dir1-out`). */
  readonly port: string
  /** Prefix length of the IPv4 addresses on it. */
  readonly prefix: number
}

export type Role = 'client' | 'director' | 'realserver' | 'witness'

export interface LabNode {
  readonly name: string
  readonly roles: readonly Role[]
  readonly voter?: boolean
  /** In a cluster with coordinators: also here, besides the directors. */
  readonly coordinator?: boolean
  /** In a cluster with coordinators: an empty machine, until something lets it join. */
  readonly empty?: boolean
  /** IPv4 address by network name. */
  readonly addresses: Readonly<Record<string, string>>
  /** More addresses by network name, of IPv6, each with its prefix length. */
  readonly more?: Readonly<Record<string, readonly string[]>>
  /** TCP port of the web server that answers with the node's name. */
  readonly web?: number
}

/** A whole lab as data. `groups`, `services` and `timing` go into the nodes' configuration as they are. */
export interface Topology {
  readonly name: string
  readonly about: string
  readonly networks: readonly Network[]
  readonly nodes: readonly LabNode[]
  /** The address and TCP port that clients use. */
  readonly vip: string
  readonly port: number
  /** Order of the heartbeat links in the configuration. */
  readonly links: readonly string[]
  /** Networks on which nodes have a link of IPv6, too. */
  readonly linksV6?: readonly string[]
  readonly timing?: Readonly<Record<string, string>>
  readonly groups: readonly unknown[]
  readonly services: readonly unknown[]
}

export const isClusterNode = (node: LabNode): boolean => !node.roles.includes('client')

export const clusterNodes = (topology: Topology): LabNode[] => topology.nodes.filter(isClusterNode)

export const clientOf = (topology: Topology): LabNode | undefined =>
  topology.nodes.find((node) => node.roles.includes('client'))

/** The bridge's end of a node's cable. */
export const portOf = (node: string, network: Network): string => `${node}-${network.port}`

/** Locally administered and readable: `02:00` and the four bytes of the address. */
export function macOf(address: string): string {
  const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
  return ['02', '00', ...bytes].join(':')
}

/** All addresses of a node in a network, without their prefix lengths. */
export const addressesOn = ({ addresses, more }: LabNode, network: string): string[] =>
  [addresses[network], ...(more?.[network] ?? []).map((cidr) => cidr.split('/')[0])].filter((one) => one !== undefined)

/** Networks that a node is attached to, in the topology's order. */
export function networksOf(topology: Topology, node: LabNode): Network[] {
  return topology.networks.filter((network) => node.addresses[network.name] !== undefined)
}

const refusal = (code: string, field: string, message: string, hint: string): Refusal => ({
  code,
  field,
  message,
  hint,
})

/** What would not build: names that the kernel does not take, addresses that collide. */
export function checkTopology(topology: Topology): Refusal[] {
  const wrong: Refusal[] = []
  const names = new Set<string>()
  const addresses = new Map<string, string>([[topology.vip, 'the VIP']])
  for (const [index, node] of topology.nodes.entries()) {
    const field = `nodes[${index}]`
    if (names.has(node.name)) wrong.push(refusal('node-twice', field, `${node.name} is there twice`, 'rename one'))
    names.add(node.name)
    for (const network of topology.networks) {
      const port = portOf(node.name, network)
      if (port.length > 15) wrong.push(refusal('port-name', field, `${port} is longer than 15 characters`, 'shorten'))
    }
    for (const network of Object.keys(node.addresses)) {
      if (!topology.networks.some((one) => one.name === network)) {
        wrong.push(refusal('unknown-network', `${field}.addresses`, `no network is called ${network}`, 'add it'))
      }
      for (const address of addressesOn(node, network)) {
        const other = addresses.get(address)
        if (other) wrong.push(refusal('address-twice', field, `${address} belongs to ${other}`, 'choose another'))
        addresses.set(address, node.name)
      }
    }
  }
  return wrong
}
