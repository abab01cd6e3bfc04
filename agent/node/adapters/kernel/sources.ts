/** Which address a packet of this node to another one has as its source, by its routes. */
import type { Netlink } from '@lvsm/kernel'
import { rtnetlink } from '@lvsm/netlink'

/** One without a way, or a word that cannot be read, is not there. */
export function readSources(route: Netlink, targets: readonly string[]): ReadonlyMap<string, string> {
  const replies = route.request(targets.map((destination) => rtnetlink.getRoute({ destination })))
  return new Map(
    targets.flatMap((target, at) => {
      const [message] = replies[at]?.data ?? []
      const decoded = message ? rtnetlink.decodeRoute(message) : null
      const source = decoded?.ok === true ? decoded.value.preferredSource : undefined
      return source === undefined ? [] : [[target, source] as const]
    }),
  )
}
