/**
 * A replay window 64 wide over one stream of growing sequence numbers (the idea of RFC 4303, section 3.4.3).
 *
 * Law: no sequence is `fresh` twice.
 */
export const WINDOW = 64

export type WindowVerdict = 'fresh' | 'seen' | 'stale'

export class ReplayWindow {
  /** slots[s mod 64] holds the last sequence s that was taken there. */
  readonly #slots = new Float64Array(WINDOW).fill(-1)
  #highest = -1

  look(sequence: number): WindowVerdict {
    if (sequence <= this.#highest - WINDOW) return 'stale'
    return this.#slots[sequence % WINDOW] === sequence ? 'seen' : 'fresh'
  }

  take(sequence: number): WindowVerdict {
    const verdict = this.look(sequence)
    if (verdict === 'fresh') {
      this.#slots[sequence % WINDOW] = sequence
      if (sequence > this.#highest) this.#highest = sequence
    }
    return verdict
  }
}
