/**
 * What all nodes forward and serve, by what the agents said of the last ten seconds. Who says what is not its business is not believed: only
 * directors forward, and of a service its group's owner alone.
 */
import type { Config } from '@lvsm/model'
import {
  type ClusterRates,
  NO_TRAFFIC,
  type NodeRates,
  type SaidRates,
  type ServiceRates,
  type Status,
  type Traffic,
  trafficOf,
} from '@lvsm/protocol'
import type { Fresh } from './cluster-status.ts'

type Node = Config['nodes'][number]
type Five = SaidRates['node']
type Connections = Pick<NodeRates, 'active' | 'inactive'>
const UNKNOWN: Connections = { active: null, inactive: null }

/** `status`: of the same moment. */
export function clusterRatesOf(config: Config, status: Status, fresh: Fresh): ClusterRates {
  const directors = config.nodes.filter(({ roles }) => roles.includes('director'))
  const said = new Map(directors.map(({ name }) => [name, fresh.get(name)?.said.rates ?? null]))
  const ages = new Map(status.nodes.map(({ name, ageMs = null, reason }) => [name, { ageMs, reason }]))
  const around = { config, status, fresh, said }
  return {
    cluster: status.cluster,
    node: status.node,
    nodes: config.nodes.map((node): NodeRates => {
      const { name, roles } = node
      const { ageMs = null, reason = '' } = ages.get(name) ?? {}
      const why = fresh.has(name) ? reasonOf(node, around) : reason
      return { name, roles, ageMs, reason: why, ...trafficAt(node, around) }
    }),
    services: status.services.map((service) => serviceRates(service, around)),
  }
}

interface Around {
  readonly config: Config
  readonly status: Status
  readonly fresh: Fresh
  /** Director → what it said. */
  readonly said: ReadonlyMap<string, SaidRates | null>
}

const hasServices = ({ name }: Node, { groups, services }: Config): boolean =>
  services.some(({ group }) => groups.find((one) => one.name === group)?.directors.includes(name))

/** Of who is heard. */
function reasonOf(node: Node, { config, said }: Around): string {
  if (!node.roles.includes('director') || !hasServices(node, config) || said.get(node.name)) return ''
  return 'it said no rates: it has just started, its kernel has no IPVS, or its version of lvsm is an older one'
}

function trafficAt(
  { name, roles }: Node,
  { status, said }: Around,
): Connections & Pick<NodeRates, 'directs' | 'serves'> {
  const own = said.get(name) ?? null
  const directs = own && trafficOf(own.node)
  const tables = status.services.filter(({ told }) => told !== false)
  const places = tables.flatMap(({ realservers }) => realservers.filter(({ node }) => node === name))
  if (!roles.includes('realserver')) return { directs, serves: null, ...UNKNOWN }
  const connections = places.length === 0 ? UNKNOWN : sumOf(places)
  return { directs, serves: servedBy(name, [...said.values()]), ...connections }
}
const sumOf = (all: readonly { readonly active: number; readonly inactive: number }[]): Connections => ({
  active: all.reduce((sum, { active }) => sum + active, 0),
  inactive: all.reduce((sum, { inactive }) => sum + inactive, 0),
})

/** Of all directors that told. Null: none did, or one has too many to tell it. */
function servedBy(node: string, all: readonly (SaidRates | null)[]): Traffic | null {
  const told = all.filter((one) => one !== null)
  if (told.length === 0 || told.some(({ servers }) => servers === null)) return null
  const rates = told.map(({ servers }): Five => servers?.[node] ?? NO_TRAFFIC)
  const of = (kind: number): number => rates.reduce((sum, one) => sum + (one[kind] ?? 0), 0)
  return trafficOf([of(0), of(1), of(2), of(3), of(4)])
}

function serviceRates({ name, group, told, realservers }: Status['services'][number], around: Around): ServiceRates {
  const owner = around.status.groups.find((one) => one.name === group)?.owner ?? null
  const rates = owner === null ? null : (around.said.get(owner) ?? null)
  const base = { name, group, owner, ...(told === false ? UNKNOWN : sumOf(realservers)) }
  if (owner === null) return { ...base, rates: null, reason: `nobody owns ${group}` }
  if (!rates) return { ...base, rates: null, reason: `${owner} said no rates` }
  return { ...base, rates: trafficOf(rates.services[name] ?? NO_TRAFFIC), reason: '' }
}
