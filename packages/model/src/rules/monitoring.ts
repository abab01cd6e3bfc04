/** The listener for metrics and health: on each node at its own address, which nothing else may have that port of. */
import type { Draft } from '../schema.ts'
import { entries, isUnread, type Refuse, type Rule } from './rule.ts'

/** Ports of lvsm-coordinator, by default. */
const COORDINATOR_PORTS: readonly number[] = [7445, 7446]
/** The process that listens has no rights. */
const LEAST_PORT = 1024

export const monitoring: Rule = (draft, refuse) => {
  const { 'monitoring-port': port, 'monitoring-link': link } = draft
  if (port === undefined) {
    if (link !== undefined && !isUnread(draft, 'monitoring-port'))
      refuse(
        'missing',
        ['monitoring-port'],
        'a link to listen on is named, and no port',
        'add monitoring-port, e.g. 9464',
      )
    return
  }
  const path = ['monitoring-port']
  if (port < LEAST_PORT)
    refuse(
      'bad-port',
      path,
      `port ${port} needs rights that lvsm-prober, which listens there, does not have`,
      `take one from ${LEAST_PORT} on, e.g. 9464`,
    )
  if (COORDINATOR_PORTS.includes(port))
    refuse('port-in-use', path, `port ${port} is lvsm-coordinator's`, 'take another one, e.g. 9464')
  if (link !== undefined) refuseUnlinked(draft, link, refuse)
  refuseServers(draft, port, link, refuse)
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
function refuseServers(draft: Draft, port: number, link: string | undefined, refuse: Refuse): void {
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
        ['monitoring-port'],
        `realserver ${server.node} of "${list.name}" serves at ${server.address}, port ${port}`,
        'take another port, e.g. 9464, or another link',
      )
    }
}
