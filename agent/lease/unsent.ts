/** To whom datagrams could not be sent lately, by what the kernel answered: the counters know how many, and not to whom. */
import { after, type Instant } from '@lvsm/base'
import type { LeaseStatus } from '@lvsm/protocol'

/** Longer than the longest pause between two heartbeats. Milliseconds. */
const LATELY_MS = 15_000
/** Nobody listens where a process does not run, which is shown by itself. */
const ORDINARY = 'ECONNREFUSED'

/** One that could not be sent. */
export interface Unsendable {
  readonly node: string
  /** `over inside (10.12.0.12)` */
  readonly way: string
  /** ENETUNREACH and the like. */
  readonly code: string
}

export class Unsent {
  /** Node → way and code → when the newest was told. */
  readonly #known = new Map<string, Map<string, Instant>>()
  #waiting: Unsendable[] = []

  note(one: Unsendable): void {
    const { node, way, code } = one
    const isNoted = this.#waiting.some((other) => other.node === node && other.way === way && other.code === code)
    if (code !== ORDINARY && !isNoted) this.#waiting.push(one)
  }

  shownIn(status: LeaseStatus, now: Instant): LeaseStatus {
    for (const { node, way, code } of this.#waiting)
      this.#known.set(node, (this.#known.get(node) ?? new Map<string, Instant>()).set(`${way}: ${code}`, now))
    this.#waiting = []
    for (const [node, ways] of this.#known) {
      for (const [text, at] of ways) if (now >= after(at, LATELY_MS)) ways.delete(text)
      if (ways.size === 0) this.#known.delete(node)
    }
    if (this.#known.size === 0) return status
    const peers = status.peers.map((peer) => {
      const ways = this.#known.get(peer.name)
      return ways ? { ...peer, unsent: [...ways.keys()].toSorted().join('; ') } : peer
    })
    return { ...status, peers }
  }
}
