/**
 * Who speaks: the process starts (incarnations) of every peer, and whether a datagram of one counts.
 *
 * Laws:
 * - a datagram counts only when it was addressed to this very process start (`to`), which proves that its sender heard
 *   us and that it is no recording from before our start; what was addressed to somebody else is noted in no window;
 * - nothing is counted twice: neither replayed on a link nor copied over a second one;
 * - a start that has proved itself lately is the one to address, whatever recordings of others come in;
 * - nobody can tell a late datagram of an old start from the first one of a new start. So an incarnation is retired,
 *   only after another one of the same node has spoken on and on for some time in which it was silent: a single late word
 *   after a pause of all, or of this process, retires nobody. Where datagrams are under way for longer than that, the dead
 *   start may retire the living one: so that this is not for ever, a retired start is heard again when no other speaks;
 *   and what it said before does not count again;
 * - memory is bounded: INCARNATIONS live and RETIRED retired incarnations for each node of the view, and the names of ANCIENT
 *   older ones, which are never heard again; and the same of the LEFT nodes that left the view last, should they come back.
 */
import { after, type Instant, invariant } from '@lvsm/base'
import { type Arrival, PeerIncarnation } from './peer-incarnation.ts'

export const RETIRED = 16
export const ANCIENT = 256
export const INCARNATIONS = 4
export const LEFT = 16

/** What a datagram says about its origin; the rest is nobody's business here. */
export interface Origin {
  readonly from: string
  readonly incarnation: string
  readonly sequence: number
  readonly to: string | null
  readonly link: number
}

/** `counts`: act on it. `teaches`: addressed to somebody else, but we now know how to address its sender. */
export type Judgement =
  | { readonly kind: 'counts' }
  | { readonly kind: 'teaches'; readonly unheard: boolean }
  | { readonly kind: 'copy' }
  | {
      readonly kind: 'drop'
      readonly reason: 'unknown-node' | 'retired-incarnation' | Exclude<Arrival, 'fresh' | 'copy'>
    }

interface Peer {
  readonly incarnations: PeerIncarnation[]
  /** With their windows: recordings of what they said stay replays. */
  readonly retired: PeerIncarnation[]
  /** Whose windows are gone. */
  readonly ancient: string[]
  /** Counts the addresses that were given while none had proved itself lately. */
  turn: number
  /** The start that proved itself last, and since when it takes turns with another one. */
  last: PeerIncarnation | null
  returns: { since: Instant; until: Instant; times: number } | null
}
/** Two starts of one node that go on taking turns are two machines with one name. */
const RETURNS = 4

export class PeerTable {
  readonly #own: string
  readonly #peers = new Map<string, Peer>()
  readonly #left = new Map<string, Peer>()
  #retireAfterMs = 0

  constructor(own: string) {
    this.#own = own
  }

  /** Adopts the names of a view; what is known of those that stay, or come back, is kept. `retireAfterMs`: the deadtime. */
  adopt(names: readonly string[], retireAfterMs: number): void {
    this.#retireAfterMs = retireAfterMs
    for (const [name, peer] of this.#peers) {
      if (names.includes(name)) continue
      this.#peers.delete(name)
      this.#left.set(name, peer)
    }
    for (const name of names) {
      if (this.#peers.has(name)) continue
      this.#peers.set(name, this.#left.get(name) ?? newPeer())
      this.#left.delete(name)
    }
    for (const name of [...this.#left.keys()].slice(0, -LEFT)) this.#left.delete(name)
  }

  judge(origin: Origin, now: Instant): Judgement {
    const peer = this.#peers.get(origin.from)
    if (!peer) return { kind: 'drop', reason: 'unknown-node' }
    const isRetired = peer.retired.some(({ incarnation }) => incarnation === origin.incarnation)
    if (peer.ancient.includes(origin.incarnation) || (isRetired && this.#speaks(peer, now)))
      return { kind: 'drop', reason: 'retired-incarnation' }
    const known = peer.incarnations.find(({ incarnation }) => incarnation === origin.incarnation)
    const peerIncarnation = known ?? welcome(peer, origin.incarnation)
    if (origin.to !== this.#own) {
      peerIncarnation.heardAt = now
      return { kind: 'teaches', unheard: !known }
    }
    const arrival = peerIncarnation.arrive(origin.sequence, origin.link)
    if (arrival === 'copy') return { kind: 'copy' }
    if (arrival !== 'fresh') return { kind: 'drop', reason: arrival }
    peerIncarnation.heardAt = now
    peerIncarnation.link = origin.link
    this.#noteTurns(peer, peerIncarnation, now)
    this.#prove(peer, peerIncarnation, now)
    this.#retireSilent(peer, peerIncarnation, now)
    return { kind: 'counts' }
  }

  /**
   * How to address a node: by the start that proved itself last, if that was within half a deadtime. Else nobody can tell
   * which of those that were heard lives, and each is tried in turn; null when none was heard.
   */
  address(name: string, now: Instant): string | null {
    const peer = this.#peers.get(name)
    const proven = peer && this.#proven(peer)
    if (proven && now < after(proven.provenAt, this.#retireAfterMs / 2)) return proven.peerIncarnation.incarnation
    if (!peer || peer.incarnations.length === 0) return null
    peer.turn += 1
    return peer.incarnations[peer.turn % peer.incarnations.length]?.incarnation ?? null
  }
  /** Our link by which a node was heard last; null when none of its datagrams counted. */
  linkOf(name: string): number | null {
    const peer = this.#peers.get(name)
    return (peer && this.#proven(peer)?.peerIncarnation.link) ?? null
  }
  /**
   * A start spoke again after another one had, within a deadtime: two machines may have this name. The words of a start
   * that ended, still under way as the next one speaks, look the same; whoever lends or counts votes waits until it is over.
   */
  doubted(name: string, now: Instant): boolean {
    const returns = this.#peers.get(name)?.returns
    return !!returns && now < after(returns.until, this.#retireAfterMs)
  }
  /** Two starts of the node that go on speaking by turns for a deadtime: two machines have its name. Null when there are none. */
  double(name: string, now: Instant): readonly string[] | null {
    const peer = this.#peers.get(name)
    const { returns = null } = peer ?? {}
    if (!peer || !returns || returns.times < RETURNS || now >= after(returns.until, this.#retireAfterMs)) return null
    if (returns.until < after(returns.since, this.#retireAfterMs)) return null
    return peer.incarnations.filter(({ provenAt }) => provenAt !== null).map(({ incarnation }) => incarnation)
  }

  /** Last datagram of a node that counted; null when there was none. */
  heardAt(name: string): Instant | null {
    const peer = this.#peers.get(name)
    return (peer && this.#proven(peer)?.provenAt) ?? null
  }

  #speaks(peer: Peer, now: Instant): boolean {
    const proven = this.#proven(peer)
    return proven !== null && now < after(proven.provenAt, this.#retireAfterMs)
  }

  /** The start that proved itself last. */
  #proven({ incarnations }: Peer): { readonly peerIncarnation: PeerIncarnation; readonly provenAt: Instant } | null {
    let last: { peerIncarnation: PeerIncarnation; provenAt: Instant } | null = null
    for (const peerIncarnation of incarnations) {
      const { provenAt } = peerIncarnation
      if (provenAt !== null && (last === null || provenAt >= last.provenAt)) last = { peerIncarnation, provenAt }
    }
    return last
  }

  /** A start that speaks again after another one had spoken. The words of a dead one that were under way come to an end. */
  #noteTurns(peer: Peer, peerIncarnation: PeerIncarnation, now: Instant): void {
    const returned = peer.last !== peerIncarnation && peerIncarnation.provenAt !== null
    peer.last = peerIncarnation
    if (!returned) return
    const going = peer.returns && now < after(peer.returns.until, this.#retireAfterMs) ? peer.returns : null
    peer.returns = { since: going?.since ?? now, until: now, times: (going?.times ?? 0) + 1 }
  }

  /** Its run begins anew when another one spoke in between, or when it was silent itself. */
  #prove(peer: Peer, peerIncarnation: PeerIncarnation, now: Instant): void {
    const paused = peerIncarnation.provenAt === null || now >= after(peerIncarnation.provenAt, this.#retireAfterMs / 2)
    if (paused) peerIncarnation.provenSince = now
    peerIncarnation.provenSince ??= now
    peerIncarnation.provenAt = now
    peerIncarnation.proved = true
    for (const other of peer.incarnations) if (other !== peerIncarnation) other.provenSince = null
  }

  #retireSilent(peer: Peer, peerIncarnation: PeerIncarnation, now: Instant): void {
    if (peer.incarnations.length < 2 || now < after(peerIncarnation.provenSince ?? now, this.#retireAfterMs)) return
    for (const rival of [...peer.incarnations]) {
      if (rival !== peerIncarnation && now >= after(rival.heardAt, this.#retireAfterMs)) dismiss(peer, rival)
    }
    invariant(peer.incarnations.includes(peerIncarnation), 'who speaks is not retired')
  }
}

const newPeer = (): Peer => ({
  incarnations: [],
  retired: [],
  ancient: [],
  turn: 0,
  last: null,
  returns: null,
})

/** Room for a new incarnation: first those go that never proved themselves, the longest silent one of them. */
function welcome(peer: Peer, incarnation: string): PeerIncarnation {
  if (peer.incarnations.length >= INCARNATIONS) {
    const unproven = peer.incarnations.filter(({ provenAt }) => provenAt === null)
    const [oldest] = (unproven.length > 0 ? unproven : peer.incarnations).toSorted((a, b) => a.heardAt - b.heardAt)
    if (oldest) dismiss(peer, oldest)
  }
  const known = peer.retired.findIndex((one) => one.incarnation === incarnation)
  const [peerIncarnation = new PeerIncarnation(incarnation)] = known < 0 ? [] : peer.retired.splice(known, 1)
  peerIncarnation.provenAt = null
  peerIncarnation.provenSince = null
  peer.incarnations.push(peerIncarnation)
  return peerIncarnation
}

function dismiss(peer: Peer, peerIncarnation: PeerIncarnation): void {
  peer.incarnations.splice(peer.incarnations.indexOf(peerIncarnation), 1)
  if (!peerIncarnation.proved) return
  peer.retired.push(peerIncarnation)
  if (peer.retired.length <= RETIRED) return
  peer.ancient.push(...peer.retired.splice(0, 1).map(({ incarnation }) => incarnation))
  if (peer.ancient.length > ANCIENT) peer.ancient.shift()
}
