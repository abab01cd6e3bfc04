/**
 * Nodes send each datagram over every link that they share. Its copy on a second link is recognised by its bytes, which
 * costs far less than a second look at its MAC.
 */

/** Datagrams that are remembered: a few rounds of a large cluster's beats. */
const REMEMBERED = 64

export class Copies {
  readonly #seen: { bytes: Buffer; link: number }[] = []
  #next = 0

  /** Notes an authentic datagram. */
  note(bytes: Buffer, link: number): void {
    this.#seen[this.#next] = { bytes, link }
    this.#next = (this.#next + 1) % REMEMBERED
  }

  /** The same bytes came over another link; over the same link they are a replay, which the core judges. */
  has(bytes: Buffer, link: number): boolean {
    const size = bytes.length
    const end = size < 4 ? 0 : bytes.readUInt32LE(size - 4)
    return this.#seen.some(
      (one) =>
        one.link !== link &&
        one.bytes.length === size &&
        one.bytes.readUInt32LE(size - 4) === end &&
        one.bytes.equals(bytes),
    )
  }
}
