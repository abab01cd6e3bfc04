import { stringify } from 'yaml'
import { OUTSIDE_PRIORITY, placesOf, type Service } from './places.ts'
import { clusterNodes, type LabNode, type Topology } from './topology.ts'

/** The configuration file, the same for all nodes, from the topology. `secret`: 64 hex digits, shared by the cluster. */
export function configurationOf(topology: Topology, secret: string): string {
  return stringify(
    {
      cluster: 'lab',
      revision: 1,
      ...(topology.timing ? { timing: topology.timing } : {}),
      keys: [{ id: 1, algorithm: 'sha256', secret }],
      'sign-with': 1,
      nodes: clusterNodes(topology).map((one) => ({
        name: one.name,
        roles: one.roles,
        ...(one.voter ? { voter: true } : {}),
        links: topology.links
          .filter((link) => one.addresses[link] !== undefined)
          .map((link) => ({ name: link, address: one.addresses[link], port: 6940 }))
          .concat(linksOfIpv6(topology, one)),
      })),
      groups: topology.groups,
      services: topology.services,
    },
    { lineWidth: 0 },
  )
}

/** `inside6`: that of the first address of IPv6 on it. */
export const linksOfIpv6 = ({ linksV6 = [] }: Topology, { more }: LabNode) =>
  linksV6.flatMap((network) => {
    const [address] = more?.[network]?.[0]?.split('/') ?? []
    return address === undefined ? [] : [{ name: `${network}6`, address, port: 6940 }]
  })

/** As a unit starts them: no inspector, and no second start. */
export const QUIET = '--disable-sigusr1'

/** The processes of the cluster, in an order in which they may be started (any order works). */
export function clusterServices(topology: Topology, node: string, dist: string): Service[] {
  return clusterNodes(topology).flatMap(({ name }) => {
    const { run, state, log, config } = placesOf(name)
    const dirs = ['--run-dir', run, '--state-dir', state]
    return [
      {
        node: name,
        name: 'lease',
        argv: [node, QUIET, `${dist}/lvsm-lease.mjs`, '--node', name, ...dirs],
        log: `${log}/lease.log`,
      },
      {
        node: name,
        name: 'agent',
        argv: [node, QUIET, `${dist}/lvsm-agent.mjs`, '--config', config, '--node', name, ...dirs],
        log: `${log}/agent.log`,
      },
    ]
  })
}

/** What is done once on each new node, as its operator would: a voter whose state was never set up counts as one that lost it. */
export function setUpCommands(topology: Topology, node: string, dist: string): string[][] {
  return clusterNodes(topology).map(({ name }) => [
    node,
    QUIET,
    `${dist}/lvsm-lease.mjs`,
    '--set-up',
    '--state-dir',
    placesOf(name).state,
  ])
}

/** The web servers: each answers `/` with its node's name. */
export function webServices(topology: Topology, server: string): Service[] {
  return topology.nodes
    .filter((node) => node.web !== undefined)
    .map(({ name, web }) => ({
      node: name,
      name: 'web',
      argv: [
        'chrt',
        '-r',
        String(OUTSIDE_PRIORITY),
        server,
        '-F',
        '-p',
        String(web),
        '-r',
        `/run/lab/www/${name}`,
        '-f',
        'index.html',
      ],
      log: `${placesOf(name).log}/web.log`,
    }))
}
