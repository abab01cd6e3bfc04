/**
 * Addresses to which this node's own kernel has no way: a rule of policy routing or a route that leads nowhere, which somebody made and forgot, or
 * a route that is gone. One cause, of which much else follows (publish/one-cause.ts): IPVS, checks and heartbeats all go by the same routes.
 */
import {
  type Closed,
  closingOf,
  ipFor,
  listed,
  parseInet,
  sameBits,
  type SourcedWay,
  type Trouble,
  whatCloses,
  whatDiverts,
} from '@lvsm/base'
import { networkCidr } from '@lvsm/model'
import {
  interfaceFor,
  linksDown,
  networksOf,
  type Observed,
  type ObservedAddress,
  type OwnWay,
  type Wayless,
} from '@lvsm/plan'
import { astrayText } from '@lvsm/protocol'
import { isPillar, isUnheardOver, linksWith } from '../hearing.ts'
import { heldGroups } from '../lease.ts'
import type { NodeState } from '../state.ts'
import { goneLinks } from './own-addresses.ts'
import { noteStanding, stoodFor } from './standing.ts'
import { type Asked, type Place, placesOf } from './way-places.ts'

const KIND = 'way'

/** A script may take a rule away and put another one there. */
const STANDS_MS = 1000
/** Where nothing is to blame: a route that is gone comes back with its interface. */
const GONE_MS = 5000
const NAMED = 4
const TOLD = 16

export const noteWays = (state: NodeState, { wayless }: Observed): void =>
  noteStanding(state, KIND, (wayless?.none ?? []).map(keyOf))

const keyOf = ({ to, from }: OwnWay): string => (from === undefined ? to : `${to} from ${from}`)

interface Lost {
  readonly place: Place
  /** Of what leaves from that address alone; undefined: whatever its source is. */
  readonly from: string | undefined
  /** What was asked, and the answer; empty: it is sent elsewhere, as `shown` has it. */
  readonly asked: string
  /** Says what is to blame. */
  readonly says: string
  readonly shown: string
  readonly mend: string
}
/** Of those that are told: by address. */
function lostNow(state: NodeState): Lost[] {
  const { wayless } = state.kernel.observed ?? {}
  const asked = placesOf(state)
  if (!wayless || !asked) return []
  const closed = wayless.none.flatMap((one) => closedNow(state, asked.places, wayless, one))
  return [...closed, ...divertedNow(state, asked.places, wayless)]
}
function closedNow(state: NodeState, places: Asked['places'], wayless: Wayless, way: Wayless['none'][number]): Lost[] {
  const { to, from, code } = way
  const whole = places.get(to)
  // What has no way whatever its source is told once.
  if (!whole || (from !== undefined && wayless.none.some((one) => one.to === to && one.from === undefined))) return []
  const place = from === undefined ? whole : beatsOf(state, whole, from)
  const question = `${ipFor(to)} route get ${to}${from === undefined ? '' : ` from ${from}`}: ${code}`
  const by = whatCloses(to, code, wayless.rules, wayless.routes, from)
  if (by) {
    const lost = { place, from, asked: question, says: by.says, shown: by.shown }
    return stoodFor(state, KIND, keyOf(way), STANDS_MS) ? [{ ...lost, mend: mendText(by) }] : []
  }
  if (!stoodFor(state, KIND, keyOf(way), GONE_MS)) return []
  const again = missing(state, to, code)
  return again === null ? [] : [{ place, from, asked: question, ...again, shown: '' }]
}
const mendText = ({ away }: Closed): string => `${away}, and take it from whatever makes it`
/** As a peer over the links of that source alone. */
function beatsOf({ view }: NodeState, { address, nodes, links }: Place, from: string): Place {
  const own = (view?.node.links ?? []).flatMap((one) => (one.address === from && links.has(one.name) ? [one.name] : []))
  return { address, nodes, links: new Set(own), services: new Set(), isGateway: false }
}

/** What goes to a peer in the network of its link, and is sent elsewhere: where the peer says that nothing arrives. A gateway may well hand it on. */
function divertedNow(state: NodeState, places: Asked['places'], { rules }: Wayless): Lost[] {
  const { observed } = state.kernel
  if (!observed) return []
  return asideWays(observed).flatMap((way): Lost[] => {
    const whole = places.get(way.to)
    if (!whole) return []
    const place = beatsOf(state, whole, way.from)
    const isDeaf = [...place.nodes].some((node) => [...place.links].some((link) => isUnheardOver(state, node, link)))
    if (!isDeaf) return []
    const by = whatDiverts(way, rules)
    const says = `${by.says}, and nothing arrives`
    return [{ place, from: way.from, asked: '', says, shown: by.shown, mend: mendText(by) }]
  })
}
/** Asked many times at each step, so each look is gone through once (a look never changes). */
const asideIn = new WeakMap<Observed, readonly SourcedWay[]>()
function asideWays(observed: Observed): readonly SourcedWay[] {
  const known = asideIn.get(observed)
  if (known) return known
  const found = (observed.wayless?.ways ?? []).filter((way) => {
    const own = observed.addresses.find(({ address }) => address === way.from)
    return own !== undefined && isAside(way, own)
  })
  asideIn.set(observed, found)
  return found
}
/** It is on the wire of that interface, and does not go straight there. */
function isAside({ to, gateway, index, isLocal }: SourcedWay, own: ObservedAddress): boolean {
  const [one, other] = [parseInet(to), parseInet(own.address)]
  const isNear = one !== undefined && other !== undefined && sameBits(one, other, own.prefix)
  return isNear && (isLocal || gateway !== null || index !== own.index)
}

/** Null: something else is told that says why. */
export function missing(
  state: NodeState,
  to: string,
  code: string,
): { readonly says: string; readonly mend: string } | null {
  const { view, kernel } = state
  const { observed } = kernel
  const ip = ipFor(to)
  if (!observed || !view || code === 'EINVAL') return null
  if (closingOf(code) === 'prohibit')
    return { says: 'a rule or a route prohibits it', mend: `${ip} rule, and ${ip} route show table all, say which` }
  const dev = interfaceFor(observed, to)
  if (dev === null ? linksDown(view, observed).length + goneLinks(state).length > 0 : !dev.up) return null
  const entry = networksOf(observed.addresses).find((one) => one.index === dev?.index && isIn(observed, to, one.index))
  if (!dev || !entry) return { says: 'no route leads there', mend: `${ip} route: put the route there back` }
  const { address, prefix } = networkCidr(entry)
  return {
    says: `the route of the network of ${dev.name} is gone`,
    mend: `${ip} route add ${address}/${prefix} dev ${dev.name}; then find what took it away: ip -ts monitor route`,
  }
}
const isIn = (observed: Observed, to: string, index: number): boolean => interfaceFor(observed, to)?.index === index

/** One for each rule or route. */
export function wayTroubles(state: NodeState): Trouble[] {
  return causesOf(lostNow(state)).map((all) => told(state, all[0], all))
}
/** What one step mends is one cause. */
export function causesOf<One extends { readonly mend: string }>(lost: readonly One[]): (readonly [One, ...One[]])[] {
  const causes = new Map<string, [One, ...One[]]>()
  for (const one of lost) {
    const known = causes.get(one.mend)
    if (known) known.push(one)
    else causes.set(one.mend, [one])
  }
  return [...causes.values()]
}

function told(state: NodeState, { place, asked, says, shown, mend }: Lost, all: readonly Lost[]): Trouble {
  const isServed = all.some((one) => one.place.services.size > 0 || one.place.isGateway)
  const names = all.map((one) => `${one.place.address}${whoText(one.place)}`)
  const isMute = isHeardByNone(state)
  const seen = [asked, shown, ...all.flatMap((one) => comesOf(state, one))]
  return {
    ...(isServed
      ? { code: 'no-way', severity: 'critical' as const }
      : { code: 'link-no-way', severity: isMute ? ('critical' as const) : ('warning' as const) }),
    object: `address ${place.address}`,
    message: `the kernel of ${state.node} has no way to ${listed(names, NAMED)}: ${says}${isMute ? `; no other voter or director hears ${state.node}` : ''}`,
    evidence: listed(
      seen.filter((text) => text !== ''),
      TOLD,
    ),
    hint: `on ${state.node}: ${mend}`,
  }
}
const whoText = ({ nodes, isGateway }: Place): string =>
  nodes.size > 0 ? ` (${[...nodes].join(' ')})` : isGateway ? ' (gateway)' : ''

/** For who this node is. */
function comesOf(state: NodeState, { place, asked }: Lost): string[] {
  const { address, nodes, links, services, isGateway } = place
  const beats = (name: string, link: string): string =>
    asked === '' ? astrayText(name, link) : `heartbeats to ${name} over link ${link} are not sent`
  const held = heldGroups(state)
  const all = state.view?.services.filter(({ name }) => services.has(name)) ?? []
  const named = (is: boolean): string =>
    [...new Set(all.flatMap((one) => (held.has(one.group) === is ? [one.name] : [])))].join(' ')
  const [now, then] = [named(true), named(false)]
  const who = [...nodes].join(' ')
  return [
    ...[...links].flatMap((link) => [...nodes].map((name) => beats(name, link))),
    ...(now === '' ? [] : [`clients of ${now} that are sent to ${who} get nothing`]),
    ...(then === '' ? [] : [`as owner it would send clients of ${then} to ${who} in vain`]),
    ...(isGateway ? [`answers to clients through ${address} are lost`] : []),
  ]
}

/** Nodes to which heartbeats do not go, each with the link; by what is told. */
export const waylessPeers = (state: NodeState): { readonly node: string; readonly link: string }[] =>
  lostNow(state).flatMap(({ place }) =>
    [...place.nodes].flatMap((node) => [...place.links].map((link) => ({ node, link }))),
  )
/** Of all others that vote or direct, over all links. */
function isHeardByNone(state: NodeState): boolean {
  const peers = waylessPeers(state)
  const isLost = (node: string, link: string): boolean => peers.some((one) => one.node === node && one.link === link)
  const pillars = (state.config?.nodes ?? []).filter(({ name }) => name !== state.node && isPillar(state, name))
  return pillars.length > 0 && pillars.every(({ name }) => linksWith(state, name).every((link) => isLost(name, link)))
}
/** Addresses of realservers to which this node has no way, as it tells. */
export const waylessAddresses = (state: NodeState): ReadonlySet<string> =>
  new Set(lostNow(state).flatMap(({ place, from }) => (from === undefined ? [place.address] : [])))
