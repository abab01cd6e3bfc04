/**
 * Who speaks: the process starts (incarnations) of every peer, and whether a datagram of one counts.
 *
 * Laws:
 * - a datagram counts only when it was addressed to this very process start (`to`), which proves that its sender heard
 *   us and that it is no recording from before our start;
 * - nothing is counted twice: neither replayed on a link nor copied over a second one;
 * - nobody can tell a late datagram of an old start from the first one of a new start. So an incarnation is retired,
 *   for good, only after another one of the same node has spoken on and on for some time in which it was silent: a
 *   single late word after a pause of all, or of this process, retires nobody;
 * - memory is bounded: SPEAKERS speakers and RETIRED incarnations for each node of the view.
 */
import { after, type Instant, invariant, later } from '@lvsm/base'
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
}

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
    for (const name of names) if (!this.#peers.has(name)) this.#peers.set(name, { speakers: [], retired: [] })
  }

  judge(origin: Origin, now: Instant): Judgement {
    const peer = this.#peers.get(origin.from)
    if (!peer) return { kind: 'drop', reason: 'unknown-node' }
    if (peer.retired.includes(origin.incarnation)) return { kind: 'drop', reason: 'retired-incarnation' }
    const known = peer.speakers.find(({ incarnation }) => incarnation === origin.incarnation)
    const speaker = known ?? welcome(peer, origin.incarnation)
    const arrival = speaker.arrive(origin.sequence, origin.link)
    if (arrival === 'copy') return { kind: 'copy' }
    if (arrival !== 'fresh') return { kind: 'drop', reason: arrival }
    speaker.heardAt = now
    if (origin.to !== this.#own) return { kind: 'teaches', unheard: !known }
    this.#prove(peer, speaker, now)
    this.#retireSilent(peer, speaker, now)
    return { kind: 'counts' }
  }

  /** How to address a node: the incarnation that was heard last; null when none was. */
  addressOf(name: string): string | null {
    const speakers = this.#peers.get(name)?.speakers ?? []
    let last = speakers[0]
    for (const speaker of speakers) if (last && speaker.heardAt >= last.heardAt) last = speaker
    return last?.incarnation ?? null
  }

  /** Last datagram of a node that counted; null when there was none. */
  heardAt(name: string): Instant | null {
    let last: Instant | null = null
    for (const { provenAt } of this.#peers.get(name)?.speakers ?? []) {
      if (provenAt !== null) last = last === null ? provenAt : later(last, provenAt)
    }
    return last
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

/** Room for a new speaker: first those go that never proved themselves, the longest silent one of them. */
function welcome(peer: Peer, incarnation: string): Speaker {
  if (peer.speakers.length >= SPEAKERS) {
    const unproven = peer.speakers.filter(({ provenAt }) => provenAt === null)
    const [oldest] = (unproven.length > 0 ? unproven : peer.speakers).toSorted((a, b) => a.heardAt - b.heardAt)
    if (oldest) dismiss(peer, oldest)
  }
  const speaker = new Speaker(incarnation)
  peer.speakers.push(speaker)
  return speaker
}

function dismiss(peer: Peer, speaker: Speaker): void {
  peer.speakers.splice(peer.speakers.indexOf(speaker), 1)
  if (speaker.provenAt === null) return
  peer.retired.push(speaker.incarnation)
  if (peer.retired.length > RETIRED) peer.retired.shift()
}
