/** The listeners for metrics and health, and for HAProxy: on each node at its own address, which nothing else may have that port of. */
import type { Draft } from '../schema.ts'
import { entries, isUnread, type Refuse, type Rule } from './rule.ts'

/** Ports of lvsm-coordinator, by default. */
const COORDINATOR_PORTS: readonly number[] = [7445, 7446]
/** The process that listens has no rights. */
const LEAST_PORT = 1024

const LISTENERS = { 'monitoring-port': 9464, 'agent-port': 9465 } as const
type Key = keyof typeof LISTENERS
const KEYS = Object.keys(LISTENERS) as Key[]

export const monitoring: Rule = (draft, refuse) => {
  const { 'monitoring-link': link } = draft
  const named = KEYS.filter((key) => draft[key] !== undefined)
  if (named.length === 0) {
    if (link !== undefined && !KEYS.some((key) => isUnread(draft, key)))
      refuse(
        'missing',
        ['monitoring-port'],
        'a link to listen on is named, and no port',
        'add monitoring-port, e.g. 9464, or agent-port, e.g. 9465',
      )
    return
  }
  for (const key of named) refusePort(draft, key, refuse)
  if (link !== undefined) refuseUnlinked(draft, link, refuse)
  if (named.length === 2 && draft['monitoring-port'] === draft['agent-port'])
    refuse(
      'port-in-use',
      ['agent-port'],
      `port ${draft['agent-port']} is the monitoring-port, where HTTP is spoken`,
      'take another one, e.g. 9465',
    )
}

function refusePort(draft: Draft, key: Key, refuse: Refuse): void {
  const port = draft[key]
  if (port === undefined) return
  if (port < LEAST_PORT)
    refuse(
      'bad-port',
      [key],
      `port ${port} needs rights that lvsm-prober, which listens there, does not have`,
      `take one from ${LEAST_PORT} on, e.g. ${LISTENERS[key]}`,
    )
  if (COORDINATOR_PORTS.includes(port))
    refuse('port-in-use', [key], `port ${port} is lvsm-coordinator's`, `take another one, e.g. ${LISTENERS[key]}`)
  refuseServers(draft, key, port, refuse)
}

function refuseUnlinked(draft: Draft, link: string, refuse: Refuse): void {
  const without = entries(draft.nodes).find(
    ({ item: { links } }) => links && !entries(links).some(({ item }) => item.name === link),
  )
  if (!without) return
  const known = [...new Set(entries(without.item.links).flatMap(({ item }) => item.name ?? []))]
  refuse(
    'unknown-link',
    ['monitoring-link'],
    `node ${without.item.name ?? without.at} has no link "${link}", so nothing would listen there`,
    `name a link that every node has; its links are: ${known.join(', ')}`,
  )
}

/** A realserver's own service has the port already. */
function refuseServers(draft: Draft, key: Key, port: number, refuse: Refuse): void {
  const { 'monitoring-link': link } = draft
  const places = new Map(
    entries(draft.nodes).map(({ item: { name, links } }) => {
      const all = entries(links)
      return [name, (link === undefined ? all[0] : all.find(({ item }) => item.name === link))?.item.address]
    }),
  )
  const lists = [...entries(draft.services), ...entries(draft.pools)].map(({ item }) => item)
  for (const list of lists)
    for (const { item: server } of entries(list.realservers)) {
      const own = server.port ?? ('port' in list ? list.port : undefined)
      if (own !== port || server.address === undefined || places.get(server.node) !== server.address) continue
      return refuse(
        'port-in-use',
        [key],
        `realserver ${server.node} of "${list.name}" serves at ${server.address}, port ${port}`,
        `take another port, e.g. ${LISTENERS[key]}, or another link`,
      )
    }
}
