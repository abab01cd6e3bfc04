/** Routes: RTM_NEWROUTE, DELROUTE, GETROUTE (linux/rtnetlink.h). One next hop each. */
import { Attributes, attribute, be16, u32, u8 } from '../attributes.ts'
import { concat, type Decoded, decoding, need, viewOf } from '../bytes.ts'
import { AF, afOf, formatInet, inetBytes } from '../inet.ts'
import { encodeMessage, FLAG, type Message } from '../message.ts'
import { ROUTE_TYPE, RTM, SCOPE, TABLE } from './types.ts'

const RTA = {
  destination: 1,
  source: 2,
  iif: 3,
  oif: 4,
  gateway: 5,
  priority: 6,
  preferredSource: 7,
  metrics: 8,
  table: 15,
  mark: 16,
  ipProtocol: 27,
  sourcePort: 28,
} as const
const METRICS = { lock: 1, mtu: 2, window: 3, rtt: 4, advmss: 8, initcwnd: 11 } as const
const LOOKUP_TABLE = 0x1000
/** What the table has, not the way that comes of it (Linux 4.13): of an own address its interface, and not `lo`. */
const MATCHING = 0x2000

export type RouteMetrics = Partial<Readonly<Record<keyof typeof METRICS, number>>>

export interface Route {
  /** AF. */
  readonly family: number
  /** `0.0.0.0` with prefix 0 for the default route. */
  readonly destination: string
  readonly prefix: number
  readonly gateway?: string
  /** Index of the outgoing interface; absent for blackholes. */
  readonly oif?: number
  readonly preferredSource?: string
  readonly table: number
  /** PROTOCOL: who made it. */
  readonly protocol: number
  /** SCOPE and ROUTE_TYPE. */
  readonly scope: number
  readonly type: number
  /** Lower wins. */
  readonly priority: number
  readonly metrics: RouteMetrics
  readonly flags: number
}

export type RouteSpec = Pick<Route, 'destination' | 'prefix'> & Partial<Route>
/** Whoever makes a route says so. */
export type NewRoute = RouteSpec & Pick<Route, 'protocol'>

interface Header {
  readonly family: number
  readonly prefix: number
  readonly sourcePrefix?: number
  readonly table?: number
  readonly protocol?: number
  readonly scope?: number
  readonly type?: number
  readonly flags?: number
}

function header(h: Header): Uint8Array {
  const table = h.table ?? 0
  const bytes = new Uint8Array(12)
  bytes.set([
    h.family,
    h.prefix,
    h.sourcePrefix ?? 0,
    0,
    table > 255 ? 0 : table,
    h.protocol ?? 0,
    h.scope ?? 0,
    h.type ?? 0,
  ])
  viewOf(bytes).setUint32(8, h.flags ?? 0, true)
  return bytes
}

const metricsAttribute = (metrics: RouteMetrics): Uint8Array[] => {
  const values = Object.entries(METRICS).flatMap(([name, type]) => {
    const value = metrics[name as keyof typeof METRICS]
    return value === undefined ? [] : [u32(type, value)]
  })
  return values.length === 0 ? [] : [attribute(RTA.metrics, concat(values))]
}

/** Scope as `ip route` chooses it: host for local routes, link where the destination is on the wire. */
function scopeOf(spec: RouteSpec): number {
  if (spec.scope !== undefined) return spec.scope
  if (spec.type === ROUTE_TYPE.local) return SCOPE.host
  const direct = spec.gateway === undefined && (spec.type ?? ROUTE_TYPE.unicast) === ROUTE_TYPE.unicast
  return direct && afOf(spec.destination) === AF.inet ? SCOPE.link : SCOPE.universe
}

function encodeRoute(type: number, flags: number, spec: RouteSpec, fixed: Partial<Header>): Uint8Array {
  const table = spec.table ?? TABLE.main
  const parts = [
    header({ family: afOf(spec.destination), prefix: spec.prefix, table, ...fixed }),
    u32(RTA.table, table),
  ]
  if (spec.prefix > 0) parts.push(attribute(RTA.destination, inetBytes(spec.destination)))
  if (spec.gateway) parts.push(attribute(RTA.gateway, inetBytes(spec.gateway)))
  if (spec.oif) parts.push(u32(RTA.oif, spec.oif))
  if (spec.preferredSource) parts.push(attribute(RTA.preferredSource, inetBytes(spec.preferredSource)))
  if (spec.priority) parts.push(u32(RTA.priority, spec.priority))
  parts.push(...metricsAttribute(spec.metrics ?? {}))
  return encodeMessage(type, FLAG.request | FLAG.ack | flags, parts)
}

const creation = (spec: NewRoute): Partial<Header> => ({
  protocol: spec.protocol,
  type: spec.type ?? ROUTE_TYPE.unicast,
  scope: scopeOf(spec),
  flags: spec.flags ?? 0,
})

/** EEXIST when one to the same destination, table and priority is there. ENETUNREACH when the gateway is not on a link. */
export const newRoute = (spec: NewRoute): Uint8Array =>
  encodeRoute(RTM.newRoute, FLAG.create | FLAG.exclusive, spec, creation(spec))

/** Takes the place of the one to the same destination, table and priority, or adds it. */
export const replaceRoute = (spec: NewRoute): Uint8Array =>
  encodeRoute(RTM.newRoute, FLAG.create | FLAG.replace, spec, creation(spec))

/** Deletes the first route that matches everything given. ESRCH when none does. */
export const deleteRoute = (spec: RouteSpec): Uint8Array =>
  encodeRoute(RTM.deleteRoute, 0, spec, {
    protocol: spec.protocol ?? 0,
    type: spec.type ?? 0,
    scope: spec.scope ?? SCOPE.nowhere,
  })

/** Of all tables, or (kernel 4.20, strict checking) of one table, protocol or ROUTE_TYPE. */
export const dumpRoutes = (
  filter: { family?: number; table?: number; protocol?: number; type?: number } = {},
): Uint8Array =>
  encodeMessage(RTM.getRoute, FLAG.request | FLAG.dump, [
    header({
      family: filter.family ?? AF.inet,
      prefix: 0,
      table: filter.table ?? 0,
      protocol: filter.protocol ?? 0,
      type: filter.type ?? 0,
    }),
    ...(filter.table ? [u32(RTA.table, filter.table)] : []),
  ])

/** `ip route get`: the answer is one route in the reply's data. ENETUNREACH when there is none. */
export const getRoute = (query: {
  destination: string
  source?: string
  oif?: number
  iif?: number
  mark?: number
  /** IANA's number; what rules of policy routing tell packets by (Linux 4.18). */
  ipProtocol?: number
  sourcePort?: number
}): Uint8Array => {
  const destination = inetBytes(query.destination)
  const bits = destination.length * 8
  return encodeMessage(RTM.getRoute, FLAG.request | FLAG.ack, [
    header({
      family: afOf(query.destination),
      prefix: bits,
      sourcePrefix: query.source ? bits : 0,
      // Of IPv6 the table is told anyhow, and a question with that flag refused (strict checking, Linux 5.0).
      flags: destination.length === 4 ? LOOKUP_TABLE : 0,
    }),
    attribute(RTA.destination, destination),
    ...(query.source ? [attribute(RTA.source, inetBytes(query.source))] : []),
    ...(query.oif ? [u32(RTA.oif, query.oif)] : []),
    ...(query.iif ? [u32(RTA.iif, query.iif)] : []),
    ...(query.mark ? [u32(RTA.mark, query.mark)] : []),
    ...(query.ipProtocol ? [u8(RTA.ipProtocol, query.ipProtocol)] : []),
    ...(query.sourcePort ? [be16(RTA.sourcePort, query.sourcePort)] : []),
  ])
}

/** `ip route get fibmatch`: the route itself, with its table. Of an own address it is answered without the lock of interfaces (RTNL). */
export const getMatching = (address: string, source?: string): Uint8Array => {
  const destination = inetBytes(address)
  const bits = destination.length * 8
  return encodeMessage(RTM.getRoute, FLAG.request | FLAG.ack, [
    header({
      family: afOf(address),
      prefix: bits,
      sourcePrefix: source ? bits : 0,
      flags: MATCHING | (source && destination.length === 4 ? LOOKUP_TABLE : 0),
    }),
    attribute(RTA.destination, destination),
    ...(source ? [attribute(RTA.source, inetBytes(source))] : []),
  ])
}

function readMetrics(attributes: Attributes | undefined): RouteMetrics {
  const known = Object.entries(METRICS).map(([name, type]) => [name, attributes?.u32(type)] as const)
  return Object.fromEntries(known.filter(([, value]) => value !== undefined))
}

export function decodeRoute(message: Message): Decoded<Route> {
  return decoding('route', () => {
    const fixed = need(message.payload, 12, 'rtmsg')
    const at = (offset: number): number => fixed[offset] ?? 0
    const attributes = new Attributes(message.payload.subarray(12))
    const address = (type: number): string | undefined => {
      const bytes = attributes.bytes(type)
      return bytes ? formatInet(bytes) : undefined
    }
    const [gateway, preferredSource, oif] = [
      address(RTA.gateway),
      address(RTA.preferredSource),
      attributes.u32(RTA.oif),
    ]
    return {
      family: at(0),
      destination: address(RTA.destination) ?? (at(0) === AF.inet6 ? '::' : '0.0.0.0'),
      prefix: at(1),
      ...(gateway === undefined ? {} : { gateway }),
      ...(oif === undefined ? {} : { oif }),
      ...(preferredSource === undefined ? {} : { preferredSource }),
      table: attributes.u32(RTA.table) ?? at(4),
      protocol: at(5),
      scope: at(6),
      type: at(7),
      priority: attributes.u32(RTA.priority) ?? 0,
      metrics: readMetrics(attributes.nested(RTA.metrics)),
      flags: viewOf(fixed).getUint32(8, true),
    }
  })
}
