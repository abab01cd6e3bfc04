/**
 * A cluster with coordinators as operators make one: `lvsm init` on the first director, `lvsm join` on the others; agents that
 * follow. Each node has directories of its own, and an /etc/lvsm of its own.
 */
import { stringify } from 'yaml'
import { linksOfIpv6, QUIET } from './cluster.ts'
import { labDir, placesOf, type Service } from './places.ts'
import { clusterNodes, type LabNode, type Topology } from './topology.ts'

const CLUSTER = 'lab'
/** Of the first user, whose words are said through sockets here. */
export const PASSWORD = { path: `${labDir}/password`, text: 'a laboratory of its own\n' } as const
/** As `lvsm init` and `lvsm join` call it: heartbeats go between links of one name. */
const LINK = 'heartbeat'

export const isCoordinator = ({ roles, coordinator = false }: LabNode): boolean =>
  coordinator || roles.includes('director')

/** Those that are to be in it from the start, in the order in which they come: a director begins it. */
export const foundersOf = (topology: Topology): LabNode[] =>
  clusterNodes(topology)
    .filter(({ empty }) => !empty)
    .toSorted((a, b) => rank(a) - rank(b))
const rank = (node: LabNode): number => (node.roles.includes('director') ? 0 : isCoordinator(node) ? 1 : 2)

/** On the first of the topology's links others reach it. */
const addressOf = ({ links: [first = ''] }: Topology, { name, addresses }: LabNode): string => {
  const address = addresses[first]
  if (address === undefined) throw new RangeError(`${name} is not in the network ${first}`)
  return address
}

/** What `lvsm init` and `lvsm join` are told on a node. */
function placeWords(topology: Topology, node: LabNode): string[] {
  const { state, coordinatorState, coordinatorRun } = placesOf(node.name)
  return [
    ...['--name', node.name, '--role', node.roles[0] ?? '', '--address', addressOf(topology, node)],
    ...['--yes', '--no-start', '--state-dir', state],
    ...['--coordinator-state-dir', coordinatorState, '--coordinator-run-dir', coordinatorRun],
  ]
}
export const initWords = (topology: Topology, node: LabNode): string[] => [
  ...['lvsm', 'init', '--cluster', CLUSTER, '--password-file', PASSWORD.path],
  ...placeWords(topology, node),
]
export const joinWords = (topology: Topology, node: LabNode, token: string): string[] => [
  ...['lvsm', 'join', token],
  ...placeWords(topology, node),
]

const linksOf = ({ links }: Topology, { addresses }: LabNode) =>
  links.flatMap((network, at) =>
    addresses[network] === undefined ? [] : [{ name: at === 0 ? LINK : network, address: addresses[network] }],
  )

/** Revision 1 is what `lvsm init` made: this is applied on it, and those that join are in it already. */
export function firstDocument(topology: Topology): string {
  const founders = foundersOf(topology)
  return stringify(
    {
      cluster: CLUSTER,
      revision: 1,
      ...(topology.timing ? { timing: topology.timing } : {}),
      keys: [{ id: 1, algorithm: 'sha256', file: '/etc/lvsm/heartbeat.key' }],
      'sign-with': 1,
      nodes: founders.map((node, index) => ({
        name: node.name,
        roles: node.roles,
        ...(index === 0 ? { voter: true } : {}),
        ...(node.coordinator ? { coordinator: true } : {}),
        links: [...linksOf(topology, node), ...linksOfIpv6(topology, node)],
      })),
      groups: topology.groups,
      services: topology.services,
    },
    { lineWidth: 0 },
  )
}

/** Of every node of the cluster, also of those that are empty machines at first. */
export function coordinatedServices(topology: Topology, node: string, dist: string): Service[] {
  return clusterNodes(topology).flatMap((one) => {
    const { run, state, log, coordinatorRun, coordinatorState } = placesOf(one.name)
    const service = (name: string, ...words: readonly string[]): Service => ({
      node: one.name,
      name,
      argv: [node, QUIET, `${dist}/lvsm-${name}.mjs`, ...words],
      log: `${log}/${name}.log`,
    })
    const where = ['--run-dir', run, '--state-dir', state]
    return [
      ...(isCoordinator(one)
        ? [service('coordinator', '--run-dir', coordinatorRun, '--state-dir', coordinatorState)]
        : []),
      // A machine that is in no cluster has neither.
      ...['lease', 'agent'].map((name) => ({ ...service(name, ...where), needs: `${state}/node.json` })),
    ]
  })
}
