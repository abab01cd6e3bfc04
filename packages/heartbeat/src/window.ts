/**
 * A replay window over one stream of growing sequence numbers (RFC 4303, section 3.4.3; a ring of words as in RFC 6479).
 * One stream is what a process start sends to all its peers over all links: what this peer gets of it has holes, and links
 * that differ by 40 ms are 60 sequences apart at 1,500 a second.
 *
 * Law: no sequence is `fresh` twice.
 */
export const WINDOW = 1024

const BITS = 32
/** One word more than the window: the newest word is only partly used. */
const WORDS = WINDOW / BITS + 1

export type WindowVerdict = 'fresh' | 'seen' | 'stale'

export class ReplayWindow {
  readonly #taken = new Uint32Array(WORDS)
  #highest = -1

  look(sequence: number): WindowVerdict {
    if (sequence > this.#highest) return 'fresh'
    if (sequence <= this.#highest - WINDOW) return 'stale'
    return ((this.#taken[wordOf(sequence) % WORDS] ?? 0) & bitOf(sequence)) === 0 ? 'fresh' : 'seen'
  }

  take(sequence: number): WindowVerdict {
    const verdict = this.look(sequence)
    if (verdict !== 'fresh') return verdict
    if (sequence > this.#highest) this.#advance(sequence)
    const at = wordOf(sequence) % WORDS
    this.#taken[at] = (this.#taken[at] ?? 0) | bitOf(sequence)
    return verdict
  }

  /** Empties the words that the window moves over. */
  #advance(sequence: number): void {
    const [from, to] = [wordOf(this.#highest), wordOf(sequence)]
    for (let word = Math.max(from + 1, to - WORDS + 1); word <= to; word++) this.#taken[word % WORDS] = 0
    this.#highest = sequence
  }
}

const wordOf = (sequence: number): number => Math.floor(sequence / BITS)
const bitOf = (sequence: number): number => (1 << (sequence % BITS)) >>> 0
