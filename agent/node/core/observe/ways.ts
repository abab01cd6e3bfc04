/**
 * Addresses to which this node's own kernel has no way: a rule of policy routing or a route that leads nowhere, which somebody made and forgot, or
 * a route that is gone. One cause, of which much else follows (publish/one-cause.ts): IPVS, checks and heartbeats all go by the same routes.
 */
import { closingOf, listed, type Trouble, whatCloses } from '@lvsm/base'
import { type Config, networkCidr, type NodeView } from '@lvsm/model'
import { interfaceFor, linksDown, networksOf, type Observed } from '@lvsm/plan'
import { heldGroups } from '../lease.ts'
import type { NodeState } from '../state.ts'
import { goneLinks } from './own-addresses.ts'
import { noteStanding, stoodFor } from './standing.ts'

const KIND = 'way'

/** A script may take a rule away and put another one there. */
const STANDS_MS = 1000
/** Where nothing is to blame: a route that is gone comes back with its interface. */
const GONE_MS = 5000
/** More is asked of nobody: a look each five seconds, and each second while one has no way. */
const MOST = 256
const NAMED = 4
const TOLD = 16

/** What of the cluster an address is. */
interface Place {
  readonly address: string
  /** Of a realserver or a peer. */
  readonly nodes: Set<string>
  /** Heartbeat links. */
  readonly links: Set<string>
  /** Services that send to it. */
  readonly services: Set<string>
  isGateway: boolean
}
interface Asked {
  readonly view: NodeView
  readonly places: ReadonlyMap<string, Place>
  readonly targets: readonly string[]
}
const known = new WeakMap<Config, Asked>()

/** Heartbeats first: who has thousands of realservers is asked for the first of them. */
function askedBy(config: Config, view: NodeView): Asked {
  const before = known.get(config)
  if (before?.view === view) return before
  const own = new Set(view.node.links.map(({ address }) => address))
  const places = new Map<string, Place>()
  const at = (address: string): Place | null => {
    const one = places.get(address)
    if (one || own.has(address) || places.size >= MOST) return one ?? null
    const found = { address, nodes: new Set<string>(), links: new Set<string>(), services: new Set<string>() }
    places.set(address, { ...found, isGateway: false })
    return places.get(address) ?? null
  }
  const shared = new Set(view.node.links.map(({ name }) => name))
  for (const node of config.nodes)
    for (const { name, address } of node.links) {
      const place = shared.has(name) ? at(address) : null
      place?.nodes.add(node.name)
      place?.links.add(name)
    }
  for (const address of view.gateways) {
    const place = at(address)
    if (place) place.isGateway = true
  }
  for (const { name, realservers } of view.services)
    for (const { node, address } of realservers) {
      const place = at(address)
      place?.nodes.add(node)
      place?.services.add(name)
    }
  const asked = { view, places, targets: [...places.keys()] }
  known.set(config, asked)
  return asked
}
const placesOf = ({ config, view }: NodeState): Asked | null => (config && view ? askedBy(config, view) : null)

/** Whose way is asked for with each look. */
export const waysWanted = (state: NodeState): readonly string[] => placesOf(state)?.targets ?? []

export const noteWays = (state: NodeState, { wayless }: Observed): void =>
  noteStanding(
    state,
    KIND,
    (wayless?.none ?? []).map(({ to }) => to),
  )

interface Lost {
  readonly place: Place
  readonly code: string
  /** Says what is to blame. */
  readonly says: string
  readonly shown: string
  readonly mend: string
}
/** Of those that are told: by address. */
function lostNow(state: NodeState): Lost[] {
  const { wayless } = state.kernel.observed ?? {}
  const asked = placesOf(state)
  if (!wayless || !asked || wayless.none.length === 0) return []
  return wayless.none.flatMap(({ to, code }): Lost[] => {
    const place = asked.places.get(to)
    if (!place) return []
    const by = whatCloses(to, code, wayless.rules, wayless.routes)
    if (by)
      return stoodFor(state, KIND, to, STANDS_MS)
        ? [
            {
              ...{ place, code },
              says: by.says,
              shown: by.shown,
              mend: `${by.away}, and take it from whatever makes it`,
            },
          ]
        : []
    if (!stoodFor(state, KIND, to, GONE_MS)) return []
    const again = missing(state, to, code)
    return again === null ? [] : [{ place, code, ...again, shown: '' }]
  })
}

/** Null: something else is told that says why. */
export function missing(
  state: NodeState,
  to: string,
  code: string,
): { readonly says: string; readonly mend: string } | null {
  const { view, kernel } = state
  const { observed } = kernel
  const ip = to.includes(':') ? 'ip -6' : 'ip'
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

function told(state: NodeState, { place, code, says, shown, mend }: Lost, all: readonly Lost[]): Trouble {
  const isServed = all.some((one) => one.place.services.size > 0 || one.place.isGateway)
  const names = all.map((one) => `${one.place.address}${whoText(one.place)}`)
  const family = place.address.includes(':') ? ' -6' : ''
  const seen = [
    `ip${family} route get ${place.address}: ${code}`,
    shown,
    ...all.flatMap((one) => comesOf(state, one.place)),
  ]
  return {
    ...(isServed
      ? { code: 'no-way', severity: 'critical' as const }
      : { code: 'link-no-way', severity: 'warning' as const }),
    object: `address ${place.address}`,
    message: `the kernel of ${state.node} has no way to ${listed(names, NAMED)}: ${says}`,
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
function comesOf(state: NodeState, { address, nodes, links, services, isGateway }: Place): string[] {
  const held = heldGroups(state)
  const all = state.view?.services.filter(({ name }) => services.has(name)) ?? []
  const named = (is: boolean): string =>
    [...new Set(all.flatMap((one) => (held.has(one.group) === is ? [one.name] : [])))].join(' ')
  const [now, then] = [named(true), named(false)]
  const who = [...nodes].join(' ')
  return [
    ...[...links].flatMap((link) => [...nodes].map((name) => `heartbeats to ${name} over link ${link} are not sent`)),
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
/** Addresses of realservers to which this node has no way, as it tells. */
export const waylessAddresses = (state: NodeState): ReadonlySet<string> =>
  new Set(lostNow(state).map(({ place }) => place.address))
