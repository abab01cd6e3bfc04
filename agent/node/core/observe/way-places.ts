/** To which addresses of the cluster a node's kernel is asked for the way, and what each of them is. */
import type { Config, NodeView } from '@lvsm/model'
import type { OwnWay } from '@lvsm/plan'
import type { NodeState } from '../state.ts'

/** More is asked of nobody: a look each five seconds, and each second while one has no way. */
const MOST = 256

/** What of the cluster an address is. */
export interface Place {
  readonly address: string
  /** Of a realserver or a peer. */
  readonly nodes: Set<string>
  /** Heartbeat links. */
  readonly links: Set<string>
  /** Services that send to it. */
  readonly services: Set<string>
  isGateway: boolean
}
export interface Asked {
  readonly view: NodeView
  readonly places: ReadonlyMap<string, Place>
  readonly targets: readonly OwnWay[]
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
  const targets = [...places.values()].flatMap((place) => [{ to: place.address }, ...sourced(view, place)])
  const asked = { view, places, targets }
  known.set(config, asked)
  return asked
}
/** Heartbeats leave from this node's own address of their link. */
const sourced = ({ node }: NodeView, { address, links }: Place): OwnWay[] =>
  node.links.flatMap((own) => (links.has(own.name) ? [{ to: address, from: own.address }] : []))
export const placesOf = ({ config, view }: NodeState): Asked | null => (config && view ? askedBy(config, view) : null)

/** Whose way is asked for with each look. */
export const waysWanted = (state: NodeState): readonly OwnWay[] => placesOf(state)?.targets ?? []
