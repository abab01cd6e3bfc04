/** Whom a trouble concerns now, as a status has it: groups with their addresses and services, and how many of how many realservers take connections. */
import { listed } from '@lvsm/base'
import { isTold, takesNew } from '../http/serving.ts'
import type { NodeReport, NodeTrouble, ServiceReport, Status } from '../http/status.ts'
import { troubleKind } from './table.ts'

export type Facts = Pick<Status, 'nodes' | 'groups' | 'services'>
type About = Pick<NodeTrouble, 'code' | 'node' | 'object' | 'pastMs'>

/** What a director does for clients while it owns a group: of one that owns none it comes with a takeover. */
export const OF_OWNERS: ReadonlySet<string> = new Set([
  ...['tunnel-too-narrow', 'tunnel-source', 'no-helper', 'no-source', 'no-conntrack', 'module-missing'],
  ...['foreign-destination', 'foreign-service', 'ports-full', 'ipvs-timeouts', 'forward-dropped'],
])
const MOST = 4

/** Is what comes of it so only when this node has taken a group over? What is not known is no yes. */
export function isAfterTakeover({ code, node }: About, { nodes, groups }: Facts): boolean {
  const own = nodes.find(({ name }) => name === node)
  return OF_OWNERS.has(code) && own?.roles.includes('director') === true && ownsNothing(node, groups)
}
const ownsNothing = (node: string, groups: Facts['groups']): boolean =>
  groups.every(({ owner, state, directors }) => owner !== node && (state !== 'unknown' || !directors.includes(node)))

/** Empty: nobody in particular, or it is over. Of several nodes each would have another answer. */
export function concernedText(trouble: About, facts: Facts): string {
  const { code, node, object = '', pastMs } = trouble
  if (pastMs !== undefined) return ''
  const [kind = '', name = ''] = object.split(' ')
  const service = kind === 'service' ? facts.services.find((one) => one.name === name) : undefined
  if (service) return poolText(service, facts)
  const group = kind === 'group' ? facts.groups.find((one) => one.name === name) : undefined
  if (group) return `${group.name} has ${groupText(group, facts)}`
  const costs = troubleKind(code)?.costs
  const own = facts.nodes.find((one) => one.name === (kind === 'node' ? name : node))
  return own && (costs === 'serving' || costs === 'quality' || costs === 'part') ? nodeText(own, facts) : ''
}

function nodeText({ name, roles }: NodeReport, facts: Facts): string {
  const owned = facts.groups.filter(({ owner }) => owner === name)
  const own = owned.map((group) => `${group.name} (${groupText(group, facts)})`)
  const pools = facts.services.filter(({ realservers }) => realservers.some((one) => one.node === name))
  const texts = pools.map((service) => `${service.name}${inBrackets(shareText(service, name, facts))}`)
  return [
    ...(own.length > 0 ? [`${name} owns ${listed(own, MOST)}`] : []),
    ...(roles.includes('director') && ownsNothing(name, facts.groups) ? [`${name} owns nothing now`] : []),
    ...(texts.length > 0 ? [`${name} is a realserver of ${listed(texts, MOST)}`] : []),
  ].join('; ')
}

function groupText({ name, addresses }: Facts['groups'][number], { services }: Facts): string {
  const names = services.filter(({ group }) => group === name).map((service) => service.name)
  const these = listed(addresses, MOST)
  return names.length === 0 ? these : `${these} with service${names.length === 1 ? '' : 's'} ${listed(names, MOST)}`
}

function poolText(service: ServiceReport, facts: Facts): string {
  const { name, address, port } = service
  const [place, count] = [port === 0 ? address : `${address} port ${port}`, countText(service, facts)]
  return `${name} is ${place}${count === '' ? '' : `: ${count}`}`
}
/** Empty: nobody told its table. */
function countText(service: ServiceReport, facts: Facts): string {
  const { realservers } = service
  if (realservers.length === 0 || !isTold(facts, service)) return ''
  const taking = realservers.filter(takesNew).length
  return `${taking} of ${realservers.length} realservers ${taking === 1 ? 'takes' : 'take'} connections`
}
/** Is it still sent connections, whatever is wrong with it, and how many others are? Empty: nobody told its table. */
function shareText(service: ServiceReport, node: string, facts: Facts): string {
  if (!isTold(facts, service)) return ''
  const taking = service.realservers.filter(takesNew)
  const others = taking.filter((one) => one.node !== node).length
  const rest = others === 0 ? 'nobody else is' : `${others} other${others === 1 ? ' is' : 's are'}`
  return taking.length > others
    ? `it is still sent connections, and ${rest}`
    : `it is sent no new connections, and ${rest}`
}
const inBrackets = (text: string): string => (text === '' ? '' : ` (${text})`)
