/**
 * Whose datagrams come from where. Each node binds its sockets to its links' addresses, so an honest source is exact: a
 * datagram counts only from the address that the node it names has on the link by which it came. Who is not inside the
 * cluster's networks at all costs one look into a map, and not a MAC.
 */
import { type LeaseView } from '@lvsm/protocol'

/** By own link: which nodes may speak from an address. */
type Speakers = Map<string, Set<string>>

export class Sources {
  readonly #present: readonly Speakers[]
  /** Addresses of the view before, of nodes that moved: until the node was heard from where it is now. */
  readonly #former: readonly Speakers[]

  /** `before`: the view that this one replaces. Files change node by node, so a peer may speak from its old address for a while. */
  constructor(view: LeaseView, before: LeaseView | null = null) {
    const own = view.nodes.find(({ name }) => name === view.node)?.links ?? []
    this.#present = own.map(({ name }) => speakersOf(view, name))
    this.#former = own.map(({ name }, link) => movedFrom(this.#present[link], before, view, name))
  }

  /** Does any peer speak from there? */
  knows(address: string, link: number): boolean {
    return this.#present[link]?.has(address) === true || this.#former[link]?.has(address) === true
  }

  /** Which of them, as the view has them now. */
  whoHas(address: string, link: number): readonly string[] {
    return [...(this.#present[link]?.get(address) ?? [])]
  }

  /** Does this node? Asked only of what is authentic: a node that moved is known by its new address from then on. */
  isOf(node: string, address: string, link: number): boolean {
    const former = this.#former[link]
    if (!this.#present[link]?.get(address)?.has(node)) return former?.get(address)?.has(node) === true
    if (former) for (const [old, names] of former) if (names.delete(node) && names.size === 0) former.delete(old)
    return true
  }
}

/** All addresses from which peers may speak on the link of that name: of the present view, and of the one before. */
export function peerAddresses(view: LeaseView, before: LeaseView | null, link: string): string[] {
  const present = speakersOf(view, link)
  return [...present.keys(), ...movedFrom(present, before, view, link).keys()]
}

function speakersOf(view: LeaseView, link: string): Speakers {
  const speakers: Speakers = new Map()
  for (const { name, links } of view.nodes) {
    if (name === view.node) continue
    for (const { address } of links.filter((one) => one.name === link))
      speakers.set(address, (speakers.get(address) ?? new Set()).add(name))
  }
  return speakers
}

/** Of nodes that are in both views: what they have no more. */
function movedFrom(present: Speakers | undefined, before: LeaseView | null, view: LeaseView, link: string): Speakers {
  const moved: Speakers = new Map()
  for (const [address, names] of before ? speakersOf(before, link) : []) {
    const left = [...names].filter(
      (node) => view.nodes.some(({ name }) => name === node) && !present?.get(address)?.has(node),
    )
    if (left.length > 0) moved.set(address, new Set(left))
  }
  return moved
}
