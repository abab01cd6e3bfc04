/** To whom the kernel of this node has no way (`ip route get`). */
import type { Netlink } from '@lvsm/kernel'
import { type Message, rtnetlink } from '@lvsm/netlink'
import type { Wayless } from '@lvsm/plan'

/** The kernel says when a route or a rule changes; and for the case that a word of it got lost. */
const EVERY_MS = 5000
/** Is it over? */
const AGAIN_MS = 1000

export interface Ways {
  look(targets: readonly string[]): Wayless
  forget(): void
}

/** `clock` in milliseconds. */
export function openWays(route: Netlink, clock: () => number): Ways {
  let last: { readonly targets: readonly string[]; readonly at: number; readonly found: Wayless } | null = null
  return {
    look(targets) {
      const rest = (last?.found.none.length ?? 0) > 0 ? AGAIN_MS : EVERY_MS
      if (last && last.targets === targets && clock() - last.at < rest) return last.found
      last = { targets, at: clock(), found: read(route, targets) }
      return last.found
    },
    forget() {
      last = null
    },
  }
}

function read(route: Netlink, targets: readonly string[]): Wayless {
  const none = rtnetlink.wayless(route, targets)
  if (none.length === 0) return { none, rules: [], routes: [] }
  return { none, rules: rtnetlink.wayRules(route), routes: rtnetlink.closedRoutes(route) }
}

/** Of an event of the kernel. */
export function isOfWays(message: Message): boolean {
  const decoded = rtnetlink.decodeEvent(message)
  return !decoded.ok || decoded.value.kind === 'route' || decoded.value.kind === 'rule'
}
/** What leads nowhere came or went: nobody waits for the next look. */
export const isClosing = (event: rtnetlink.RouteEvent): boolean =>
  (event.kind === 'route' && rtnetlink.CLOSINGS[event.route.type] !== undefined) ||
  (event.kind === 'rule' && event.rule.closes !== undefined)
