/** To whom the kernel of this node has no way (`ip route get`). */
import type { Netlink } from '@lvsm/kernel'
import type { SourcedWay } from '@lvsm/base'
import { type Message, rtnetlink } from '@lvsm/netlink'
import type { AnswerWay, OwnWay, Wayless } from '@lvsm/plan'

/** The kernel says when a route or a rule changes; and for the case that a word of it got lost. */
const EVERY_MS = 5000
/** Is it over? */
const AGAIN_MS = 1000

export interface Ways<Way> {
  look(targets: readonly Way[]): Wayless
  forget(): void
}

/** `clock` in milliseconds. */
export const openWays = (route: Netlink, clock: () => number): Ways<OwnWay> =>
  paced(clock, (targets) => {
    const none = rtnetlink.wayless(
      route,
      targets.flatMap(({ to, from }) => (from === undefined ? [to] : [])),
    )
    const sourced = rtnetlink.sourcedWays(
      route,
      targets.flatMap(({ to, from }) => (from === undefined ? [] : [{ to, from }])),
    )
    return read(route, [...none, ...sourced.none], sourced.ways)
  })
/** To clients, as other nodes name them: however these change, they are asked for once a second. */
export const openAnswers = (route: Netlink, clock: () => number): Ways<AnswerWay> =>
  paced(clock, (ways) => read(route, rtnetlink.unanswerable(route, ways)))

function paced<Way>(clock: () => number, ask: (targets: readonly Way[]) => Wayless): Ways<Way> {
  let last: { readonly targets: readonly Way[]; readonly at: number; readonly found: Wayless } | null = null
  return {
    look(targets) {
      const rest = last?.targets === targets && last.found.none.length === 0 ? EVERY_MS : AGAIN_MS
      if (last && clock() - last.at < rest) return last.found
      last = { targets, at: clock(), found: ask(targets) }
      return last.found
    },
    forget() {
      last = null
    },
  }
}

/** Who may be to blame is read only where something is amiss: thousands of routes and rules are nobody's concern. */
function read(route: Netlink, none: Wayless['none'], ways: readonly SourcedWay[] = []): Wayless {
  const isDiverted = ways.some(
    ({ gateway, isLocal, table }) => gateway !== null || isLocal || table !== rtnetlink.TABLE.main,
  )
  const isClosed = none.length > 0
  const rules = isClosed || isDiverted ? rtnetlink.wayRules(route) : []
  return { none, rules, routes: isClosed ? rtnetlink.closedRoutes(route) : [], ways }
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
