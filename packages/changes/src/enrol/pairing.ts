/** Which keys two nodes have between them by one ring: each key of the one with each of the other. */
import { FIRST_PAIR_KEY, HIGHEST_HALF_ID, type KeyRing, type RingNode } from '@lvsm/protocol'

export interface PairedHalves {
  /** In a datagram; the same for both nodes. */
  readonly id: number
  /** Public halves, of the one and of the other node. */
  readonly own: string
  readonly peers: string
}
export interface Pairing {
  readonly accepted: readonly PairedHalves[]
  /** Id of the one that signs; 0: the key that all nodes share. */
  readonly signWith: number
  /** Is what that key signs accepted between the two? */
  readonly shared: boolean
}

/** Null: one of the two has said no key, and they use the one that all share. */
export function pairing(ring: KeyRing, own: string, peer: string): Pairing | null {
  const [one, other] = [own, peer].map((name) => ring.nodes.find((node) => node.name === name))
  if (!one || !other) return null
  const id = (mine: number, theirs: number): number => (own < peer ? pairKeyId(mine, theirs) : pairKeyId(theirs, mine))
  const accepted = one.keys.flatMap((mine) =>
    other.keys.map((theirs) => ({ id: id(mine.id, theirs.id), own: mine.public, peers: theirs.public })),
  )
  const signs = (node: RingNode): boolean => node.keys.some((key) => key.id === node.signWith)
  const paired = signs(one) && signs(other)
  return {
    accepted,
    signWith: paired ? id(one.signWith, other.signWith) : 0,
    shared: one.shared || other.shared || !paired,
  }
}

/** Of the ids of the two halves, first that of the node whose name is the lesser one. */
const pairKeyId = (lesser: number, greater: number): number => FIRST_PAIR_KEY + lesser * (HIGHEST_HALF_ID + 1) + greater
