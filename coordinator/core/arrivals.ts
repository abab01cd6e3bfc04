/**
 * States that came with snapshots, until the disk has them. Raft asks for one again when its write failed: a state that was given to
 * the disk is kept until a write with it is done, whatever comes in meanwhile.
 */

/** Those that nobody asked for: of leaders that follow one another. */
const MOST = 3

export class Arrivals<State> {
  /** By the index that they are as of. */
  readonly #states = new Map<number, State>()
  /** Given to the disk, and not confirmed. */
  #wanted: number | null = null

  put(index: number, state: State): void {
    // The same one again is of the same index, and the newest that came goes last.
    this.#states.delete(index)
    for (const old of this.#states.keys())
      if (this.#states.size >= MOST && old !== this.#wanted) this.#states.delete(old)
    this.#states.set(index, state)
  }
  /** For the disk; any number of times. */
  take(index: number): State | null {
    const state = this.#states.get(index) ?? null
    this.#wanted = index
    return state
  }
  /** The disk has it: what is as of then, or of before, is of no use any more. */
  installed(index: number): void {
    for (const old of this.#states.keys()) if (old <= index) this.#states.delete(old)
    if (this.#wanted !== null && this.#wanted <= index) this.#wanted = null
  }
  get size(): number {
    return this.#states.size
  }
}
