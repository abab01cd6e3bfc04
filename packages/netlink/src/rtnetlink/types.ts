/** Numbers of rtnetlink (linux/rtnetlink.h). */
import type { Closing } from '@lvsm/base'

export const RTM = {
  newLink: 16,
  deleteLink: 17,
  getLink: 18,
  setLink: 19,
  newAddress: 20,
  deleteAddress: 21,
  getAddress: 22,
  newRoute: 24,
  deleteRoute: 25,
  getRoute: 26,
  newNeighbour: 28,
  getNeighbour: 30,
  newRule: 32,
  deleteRule: 33,
  getRule: 34,
  newQdisc: 36,
  getQdisc: 38,
} as const

export const SCOPE = { universe: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const

/** Multicast groups for `subscribe`. */
export const GROUP = {
  ...{ link: 1, neighbour: 3, addressV4: 5, routeV4: 7, ruleV4: 8, addressV6: 9, routeV6: 11, ruleV6: 19 },
} as const

export const TABLE = { default: 253, main: 254, local: 255 } as const

/** rtm_protocol: who made a route. */
export const PROTOCOL = { kernel: 2, boot: 3, static: 4 } as const

export const ROUTE_TYPE = {
  unicast: 1,
  local: 2,
  broadcast: 3,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
} as const

/** Of a route its type, of a rule its action (linux/fib_rules.h has the same numbers): what goes there goes nowhere. */
export const CLOSINGS: Readonly<Record<number, Closing>> = { 6: 'blackhole', 7: 'unreachable', 8: 'prohibit' }
