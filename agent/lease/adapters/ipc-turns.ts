/**
 * Frames of reconcilers, a bounded number at a time: between two turns the loop does everything else, so that one which
 * says thousands of words at once, or never stops, holds up no renewal. What is not taken yet waits with its client, and
 * that is not read on meanwhile; the clients take turns.
 */
import { onceAfter } from '@lvsm/kernel'

/** A step of the core for each: some milliseconds at most. */
const FRAMES_PER_TURN = 32
/**
 * Eight thousand frames a second at most; a reconciler says a few dozen. And no longer than that in one turn: a view of a
 * thousand addresses alone takes longer, and the next one must wait until others had theirs.
 */
const TURN_MS = 4

export interface Speaker {
  pause(): void
  resume(): void
}

export class FrameTurns<Client extends Speaker> {
  readonly #take: (bytes: Uint8Array) => void
  readonly #waiting = new Map<Client, Uint8Array[]>()
  readonly #nextTurn: () => void
  #left = FRAMES_PER_TURN

  constructor(take: (bytes: Uint8Array) => void) {
    this.#take = take
    this.#nextTurn = onceAfter(TURN_MS, () => {
      this.#left = FRAMES_PER_TURN
      this.#go()
    })
  }

  offer(client: Client, frames: readonly Uint8Array[]): void {
    if (frames.length === 0) return
    // Last first, so that the next one is taken off the end.
    this.#waiting.set(client, [...frames.toReversed(), ...(this.#waiting.get(client) ?? [])])
    this.#go()
  }
  /** What it said and was not heard yet is forgotten. */
  forget(client: Client): void {
    this.#waiting.delete(client)
  }

  #go(): void {
    const began = performance.now()
    for (let first = this.#first(); first && this.#left > 0; first = this.#first()) {
      const [client, frames] = first
      const bytes = frames.pop()
      // To the end of the row.
      this.#waiting.delete(client)
      if (frames.length > 0) this.#waiting.set(client, frames)
      else client.resume()
      this.#left -= 1
      this.#nextTurn()
      if (bytes) this.#take(bytes)
      if (performance.now() - began >= TURN_MS) this.#left = 0
    }
    for (const client of this.#waiting.keys()) client.pause()
  }
  #first(): [Client, Uint8Array[]] | undefined {
    const [first] = this.#waiting
    return first
  }
}
