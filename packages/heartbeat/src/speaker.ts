/** One process start of a peer, as its datagrams show it: a window per link, and one over all links. */
import { type Instant, NEVER_BEFORE } from '@lvsm/base'
import { ReplayWindow } from './window.ts'

export const MOST_LINKS = 8

/** `copy`: the same datagram over a second link, which is how it should be. */
export type Arrival = 'fresh' | 'copy' | 'replay' | 'stale' | 'unknown-link'

export class Speaker {
  readonly incarnation: string
  /** Last fresh datagram, to whomever it was addressed. */
  heardAt: Instant = NEVER_BEFORE
  /** First and last datagram that was addressed to this process start of ours. */
  provenSince: Instant | null = null
  provenAt: Instant | null = null
  readonly #links: ReplayWindow[] = []
  readonly #all = new ReplayWindow()

  constructor(incarnation: string) {
    this.incarnation = incarnation
  }

  arrive(sequence: number, link: number): Arrival {
    if (!Number.isInteger(link) || link < 0 || link >= MOST_LINKS) return 'unknown-link'
    const window = (this.#links[link] ??= new ReplayWindow())
    const onLink = window.take(sequence)
    if (onLink === 'seen') return 'replay'
    if (onLink === 'stale') return 'stale'
    const overall = this.#all.take(sequence)
    return overall === 'seen' ? 'copy' : overall
  }
}
