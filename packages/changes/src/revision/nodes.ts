/** What each node would do when one configuration follows another: from what it has to do under either. */
import { familyOf } from '@lvsm/base'
import {
  type Config,
  type ConfigService,
  destKey,
  durationText,
  FAMILIES,
  type NodeView,
  nodeView,
  placementRow,
  portsText,
  serviceKey,
  specOf,
  specText,
  timeoutsText,
  unusualPacing,
} from '@lvsm/model'
import { natural } from '../document/order.ts'
import type { Line } from './lines.ts'

export interface NodePlan {
  readonly node: string
  /** Empty: nothing. */
  readonly lines: readonly Line[]
}

/** Of every node of either configuration, by name. */
export function whatNodesWouldDo(before: Config, after: Config): NodePlan[] {
  const names = new Set([before, after].flatMap(({ nodes }) => nodes.map(({ name }) => name)))
  return [...names]
    .toSorted(natural)
    .map((node) => ({ node, lines: compare(tasksOf(before, node), tasksOf(after, node)) }))
}

/** What → how. */
type Tasks = ReadonlyMap<string, string>

function compare(before: Tasks, after: Tasks): Line[] {
  const all = [...new Set([...before.keys(), ...after.keys()])]
  return all.flatMap((what): Line[] => {
    const [was, is] = [before.get(what), after.get(what)]
    if (was === is) return []
    if (was === undefined) return [{ kind: 'add', text: `${what}: ${is}` }]
    return is === undefined
      ? [{ kind: 'remove', text: `${what}: ${was}` }]
      : [{ kind: 'change', text: `${what}: ${was} → ${is}` }]
  })
}

function tasksOf(config: Config, name: string): Tasks {
  const view = nodeView(config, name)
  if (!view) return new Map()
  return new Map([
    ['roles', view.node.roles.join(', ')] as const,
    ...ownershipTasks(config, name),
    ...view.directs.map(({ name: group, directors, addresses, ping }): [string, string] => [
      `may own group ${group}`,
      `${addresses.map(({ address, prefix, interface: on }) => `${address}/${prefix}${on === null ? '' : ` on ${on}`}`).join(', ')}, preference ${directors.join(', ')}${ping.length > 0 ? `, pings ${ping.join(', ')}` : ''}`,
    ]),
    ...timeoutTasks(view),
    ...syncTasks(view),
    ...view.services.flatMap(serviceTasks),
    ...view.answersFor.map(({ address, group, placement }): [string, string] => [
      `answers for ${address}`,
      `as ${placementRow(placement).title}, for group ${group}`,
    ]),
    ...view.handedAt.map((address): [string, string] => [`takes packets for its VIPs at ${address}`, 'as they are']),
    ...view.tunnels.map(({ tunnel, remote }): [string, string] => [`unwraps ${tunnel} from ${remote}`, 'for its VIPs']),
    ...view.gateways.map((one): [string, string] => [
      familyOf(one) === 'ipv4' ? 'default route' : `default route of ${FAMILIES.ipv6.title}`,
      `through ${one}`,
    ]),
    ...view.led.flatMap(ledTasks),
  ])
}

const ledTasks = ({ gateway, reach, answers }: NodeView['led'][number]): [string, string][] =>
  answers.map(({ address, protocol, ports }) => [
    `answers of ${protocol} ${address} port ${portsText([ports])}`,
    `through ${gateway.address}${reach === 'everybody' ? ', to its own network as well' : ''}`,
  ])

function timeoutTasks({ directs, ipvsTimeouts }: NodeView): [string, string][] {
  const words = timeoutsText(ipvsTimeouts)
  return directs.length === 0 || words === '' ? [] : [['IPVS timeouts', words]]
}

const syncTasks = ({ sync }: NodeView): [string, string][] =>
  sync === null
    ? []
    : [
        [
          'tells other directors of connections',
          `id ${sync.id}, ${sync.group} port ${sync.port}, from ${sync.address}, hears ${sync.peers.join(', ')}`,
        ],
      ]

/** What the lease process is told. */
function ownershipTasks({ timing, keys, signWith, nodes }: Config, name: string): [string, string][] {
  const figures = Object.entries(timing).map(([key, ms]) => `${key.replace(/Ms$/, '')} ${durationText(ms)}`)
  const known = keys.map(({ id, algorithm, file }) => `${id} (${algorithm}${file === null ? '' : `, ${file}`})`)
  return [
    ['timing', figures.join(', ')],
    ['keys', `${known.join(', ')}, signs with ${signWith}`],
    ...nodes.map(({ name: other, voter, links }): [string, string] => [
      other === name ? 'heartbeats from' : `heartbeats with ${other}`,
      `${links.map((link) => `${link.name} ${link.address}:${link.port}`).join(', ')}${voter ? ', a voter' : ''}`,
    ]),
  ]
}

const portsOf = ({ protocol, address, ports }: ConfigService): string =>
  ports ? `${protocol} ${address} ports ${portsText(ports)}, ` : ''
const quorumText = ({ quorum, hysteresis }: ConfigService): string =>
  quorum === 1 ? '' : `, quorum ${quorum}${hysteresis > 0 ? ` ± ${hysteresis}` : ''}`

function serviceTasks(service: ConfigService): [string, string][] {
  const { check, realservers } = service
  const key = serviceKey(service)
  const keys = Object.entries(check.keys).map(([word, value]) => `, ${word} ${String(value)}`)
  const paced = unusualPacing(check.pacing, check.intervalMs).map(([word, value]) => `, ${word} ${value}`)
  const where = check.port === null ? '' : ` at port ${check.port}`
  const asked = `check ${check.type}${where} each ${durationText(check.intervalMs)}, timeout ${durationText(check.timeoutMs)}, fall ${check.fall}, rise ${check.rise}${check.keepLast ? '' : ', the last one too'}${check.ownView ? ', and its own view' : ''}${check.via === undefined ? '' : ', through the VIP'}`
  const tracked = `as service ${check.track} says${check.keepLast ? '' : ', the last one too'}`
  const checked = `${check.track === undefined ? asked : tracked}${[...paced, ...keys].join('')}`
  return [
    [
      `virtual service ${key}`,
      `${portsOf(service)}${specText(specOf(service))}${quorumText(service)}, ${service.name} of group ${service.group}`,
    ],
    [`checks of ${key}`, checked],
    ...realservers.map(
      ({ node, forward, gateway, tunnel, weight, upper, lower, backup, ...place }): [string, string] => [
        `realserver ${node} ${destKey(place)} of ${key}`,
        `${forward}${tunnel === undefined ? '' : ` in ${tunnel}`}${gateway === null ? '' : ` through ${gateway}`}, weight ${weight}${upper === undefined ? '' : `, at most ${upper} connections`}${lower === undefined ? '' : `, again under ${lower}`}${backup ? ', backup' : ''}`,
      ],
    ),
  ]
}
