import { macOf, networksOf, portOf, type Topology } from './topology.ts'

/** What the kernel needs for the lab; loaded before the networks are built. */
export const modules = [
  'veth',
  'bridge',
  'nf_tables',
  'nft_ct',
  'nft_masq',
  'nft_chain_nat',
  'nft_reject_inet',
  'nf_conntrack_bridge',
  'nft_meta_bridge',
  'sch_netem',
  'dummy',
  'ipip',
  'ip_gre',
  'ip6_tunnel',
  'ip6_gre',
  'ip_vs',
  'ip_vs_rr',
  'ip_vs_wrr',
  'ip_vs_wlc',
] as const

/** Hardware address of the observer's station on the topology's network of this index. */
export const observerMac = (index: number): string => `02:00:ff:00:00:${index.toString(16).padStart(2, '0')}`

const heredoc = (command: string, lines: readonly string[]): string[] => [`${command} <<'.'`, ...lines, '.']

/**
 * Shell commands that build the bridges (in the present network namespace) and a namespace per node.
 * Batches, because a process costs tens of milliseconds under emulation.
 */
export function buildCommands(topology: Topology): string[] {
  const bridges = topology.networks.flatMap(({ port }) => [
    `link add ${port} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
    `link set ${port} up addrgenmode none`,
  ])
  const spaces = topology.nodes.map((node) => `netns add ${node.name}`)
  const cables = topology.nodes.flatMap((node) =>
    networksOf(topology, node).flatMap((network) => {
      const port = portOf(node.name, network)
      const mac = macOf(node.addresses[network.name] as string)
      return [
        `link add ${port} type veth peer name ${network.name} netns ${node.name} address ${mac}`,
        `link set ${port} up master ${network.port} addrgenmode none`,
      ]
    }),
  )
  // A station of the observer's own: asking from the client would keep the client's ARP cache right.
  const observer = topology.networks.flatMap(({ port }, index) => [
    `link add observer-${port} type veth peer name ask-${port} address ${observerMac(index)}`,
    `link set observer-${port} up master ${port} addrgenmode none`,
    `link set ask-${port} up addrgenmode none`,
  ])
  const inside = topology.nodes.flatMap((node) => {
    const networks = networksOf(topology, node)
    return heredoc(`ip -n ${node.name} -batch -`, [
      'link set lo up',
      ...networks.map((network) => `link set ${network.name} up`),
      ...networks.map((network) => `addr add ${node.addresses[network.name]}/${network.prefix} dev ${network.name}`),
      // Nobody waits until it is sure that nobody else has them.
      ...networks.flatMap(({ name }) => (node.more?.[name] ?? []).map((cidr) => `addr add ${cidr} dev ${name} nodad`)),
    ])
  })
  return ['set -e', ...heredoc('ip -batch -', [...bridges, ...spaces, ...cables, ...observer]), ...inside]
}

/** The bridge's rules: `cut` are pairs of ports, one way; what a `dark` port says or should hear is nobody's. */
export const partitionTable = [
  'table bridge lab {',
  '  set cut { type ifname . ifname; }',
  '  set dark { type ifname; }',
  '  chain arrive { type filter hook prerouting priority -300; iifname @dark drop; }',
  '  chain forward { type filter hook forward priority 0; iifname . oifname @cut drop; oifname @dark drop; }',
  '}',
].join('\n')
