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
 * - memory is bounded: SPEAKERS speakers and RETIRED incarnations for each node of the view.
 */
import { after, type Instant, invariant } from '@lvsm/base'
import { type Arrival, Speaker } from './speaker.ts'

export const RETIRED = 16
export const SPEAKERS = 4

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
  readonly speakers: Speaker[]
  readonly retired: string[]
  /** Counts the addresses that were given while none had proved itself lately. */
  turn: number
  /** The start that proved itself last, and since when it takes turns with another one. */
  last: Speaker | null
  returns: { since: Instant; until: Instant; times: number } | null
}
/** Two starts of one node that go on taking turns are two machines with one name. */
const RETURNS = 4

export class Roster {
  readonly #own: string
  readonly #peers = new Map<string, Peer>()
  #retireAfterMs = 0

  constructor(own: string) {
    this.#own = own
  }

  /** Adopts the names of a view; what is known of those that stay is kept. `retireAfterMs`: the deadtime. */
  adopt(names: readonly string[], retireAfterMs: number): void {
    this.#retireAfterMs = retireAfterMs
    for (const name of this.#peers.keys()) if (!names.includes(name)) this.#peers.delete(name)
    for (const name of names) if (!this.#peers.has(name)) this.#peers.set(name, newPeer())
  }

  judge(origin: Origin, now: Instant): Judgement {
    const peer = this.#peers.get(origin.from)
    if (!peer) return { kind: 'drop', reason: 'unknown-node' }
    if (peer.retired.includes(origin.incarnation) && this.#speaks(peer, now))
      return { kind: 'drop', reason: 'retired-incarnation' }
    const known = peer.speakers.find(({ incarnation }) => incarnation === origin.incarnation)
    const speaker = known ?? welcome(peer, origin.incarnation)
    if (origin.to !== this.#own) {
      speaker.heardAt = now
      return { kind: 'teaches', unheard: !known }
    }
    const arrival = speaker.arrive(origin.sequence, origin.link)
    if (arrival === 'copy') return { kind: 'copy' }
    if (arrival !== 'fresh') return { kind: 'drop', reason: arrival }
    speaker.heardAt = now
    speaker.link = origin.link
    this.#noteTurns(peer, speaker, now)
    this.#prove(peer, speaker, now)
    this.#retireSilent(peer, speaker, now)
    return { kind: 'counts' }
  }

  /**
   * How to address a node: by the start that proved itself last, if that was within half a deadtime. Else nobody can tell
   * which of those that were heard lives, and each is tried in turn; null when none was heard.
   */
  address(name: string, now: Instant): string | null {
    const peer = this.#peers.get(name)
    const proven = peer && this.#proven(peer)
    if (proven && now < after(proven.provenAt, this.#retireAfterMs / 2)) return proven.speaker.incarnation
    if (!peer || peer.speakers.length === 0) return null
    peer.turn += 1
    return peer.speakers[peer.turn % peer.speakers.length]?.incarnation ?? null
  }
  /** Our link by which a node was heard last; null when none of its datagrams counted. */
  linkOf(name: string): number | null {
    const peer = this.#peers.get(name)
    return (peer && this.#proven(peer)?.speaker.link) ?? null
  }
  /** Two starts of the node that go on speaking by turns: two machines have its name. Null when there are none. */
  double(name: string, now: Instant): readonly string[] | null {
    const peer = this.#peers.get(name)
    const { returns = null } = peer ?? {}
    if (!peer || !returns || returns.times < RETURNS || now >= after(returns.until, this.#retireAfterMs)) return null
    if (returns.until < after(returns.since, this.#retireAfterMs)) return null
    return peer.speakers.filter(({ provenAt }) => provenAt !== null).map(({ incarnation }) => incarnation)
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
  #proven({ speakers }: Peer): { readonly speaker: Speaker; readonly provenAt: Instant } | null {
    let last: { speaker: Speaker; provenAt: Instant } | null = null
    for (const speaker of speakers) {
      const { provenAt } = speaker
      if (provenAt !== null && (last === null || provenAt >= last.provenAt)) last = { speaker, provenAt }
    }
    return last
  }

  /** A start that speaks again after another one had spoken. The words of a dead one that were under way come to an end. */
  #noteTurns(peer: Peer, speaker: Speaker, now: Instant): void {
    const returned = peer.last !== speaker && speaker.provenAt !== null
    peer.last = speaker
    if (!returned) return
    const going = peer.returns && now < after(peer.returns.until, this.#retireAfterMs) ? peer.returns : null
    peer.returns = { since: going?.since ?? now, until: now, times: (going?.times ?? 0) + 1 }
  }

  /** Its run begins anew when another one spoke in between, or when it was silent itself. */
  #prove(peer: Peer, speaker: Speaker, now: Instant): void {
    const paused = speaker.provenAt === null || now >= after(speaker.provenAt, this.#retireAfterMs / 2)
    if (paused) speaker.provenSince = now
    speaker.provenSince ??= now
    speaker.provenAt = now
    for (const other of peer.speakers) if (other !== speaker) other.provenSince = null
  }

  #retireSilent(peer: Peer, speaker: Speaker, now: Instant): void {
    if (peer.speakers.length < 2 || now < after(speaker.provenSince ?? now, this.#retireAfterMs)) return
    for (const rival of [...peer.speakers]) {
      if (rival !== speaker && now >= after(rival.heardAt, this.#retireAfterMs)) dismiss(peer, rival)
    }
    invariant(peer.speakers.includes(speaker), 'who speaks is not retired')
  }
}

const newPeer = (): Peer => ({ speakers: [], retired: [], turn: 0, last: null, returns: null })

/** Room for a new speaker: first those go that never proved themselves, the longest silent one of them. */
function welcome(peer: Peer, incarnation: string): Speaker {
  if (peer.speakers.length >= SPEAKERS) {
    const unproven = peer.speakers.filter(({ provenAt }) => provenAt === null)
    const [oldest] = (unproven.length > 0 ? unproven : peer.speakers).toSorted((a, b) => a.heardAt - b.heardAt)
    if (oldest) dismiss(peer, oldest)
  }
  const speaker = new Speaker(incarnation)
  if (peer.retired.includes(incarnation)) peer.retired.splice(peer.retired.indexOf(incarnation), 1)
  peer.speakers.push(speaker)
  return speaker
}

function dismiss(peer: Peer, speaker: Speaker): void {
  peer.speakers.splice(peer.speakers.indexOf(speaker), 1)
  if (speaker.provenAt === null) return
  peer.retired.push(speaker.incarnation)
  if (peer.retired.length > RETIRED) peer.retired.shift()
}
