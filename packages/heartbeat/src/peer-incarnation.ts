/** One process start of a peer, as its datagrams show it: a window per link, and one over all links. */
import { type Instant, NEVER_BEFORE } from '@lvsm/base'
import { ReplayWindow } from './window.ts'

export const MOST_LINKS = 8
/** Nobody sends so many datagrams between two that arrive; it leaves the numbers above for ever out of reach. */
export const LONGEST_JUMP = 2 ** 40

/** `copy`: the same datagram over a second link, which is how it should be. */
export type Arrival = 'fresh' | 'copy' | 'replay' | 'stale' | 'jump' | 'unknown-link'

export class PeerIncarnation {
  readonly incarnation: string
  /** Last datagram, to whomever it was addressed. */
  heardAt: Instant = NEVER_BEFORE
  /** First and last datagram that was addressed to this process start of ours. */
  provenSince: Instant | null = null
  provenAt: Instant | null = null
  /** Did one ever come that was addressed to us? */
  proved = false
  /** Our link by which the last of them came. */
  link: number | null = null
  readonly #links: ReplayWindow[] = []
  readonly #all = new ReplayWindow()
  #highest = 0

  constructor(incarnation: string) {
    this.incarnation = incarnation
  }

  arrive(sequence: number, link: number): Arrival {
    if (!Number.isInteger(link) || link < 0 || link >= MOST_LINKS) return 'unknown-link'
    if (sequence > this.#highest + LONGEST_JUMP) return 'jump'
    const window = (this.#links[link] ??= new ReplayWindow())
    const onLink = window.take(sequence)
    if (onLink === 'seen') return 'replay'
    if (onLink === 'stale') return 'stale'
    this.#highest = Math.max(this.#highest, sequence)
    const overall = this.#all.take(sequence)
    return overall === 'seen' ? 'copy' : overall
  }
}
