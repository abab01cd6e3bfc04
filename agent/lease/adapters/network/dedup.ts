/**
 * Nodes send each datagram over every link that they share. Its copy on a second link is recognised by its bytes, which
 * costs far less than a second look at its MAC.
 */

/** Datagrams that are remembered: a few rounds of a large cluster's heartbeats. */
const REMEMBERED = 64

export class Copies {
  readonly #seen: { bytes: Buffer; links: Set<number> }[] = []
  #next = 0

  /** Notes an authentic datagram. */
  note(bytes: Buffer, link: number): void {
    this.#seen[this.#next] = { bytes, links: new Set([link]) }
    this.#next = (this.#next + 1) % REMEMBERED
  }

  /** `copy`: for the first time over this link. `replay`: again over a link that brought it already. */
  judge(bytes: Buffer, link: number): 'new' | 'copy' | 'replay' {
    const size = bytes.length
    const end = size < 4 ? 0 : bytes.readUInt32LE(size - 4)
    const known = this.#seen.find(
      (one) => one.bytes.length === size && one.bytes.readUInt32LE(size - 4) === end && one.bytes.equals(bytes),
    )
    if (!known) return 'new'
    if (known.links.has(link)) return 'replay'
    known.links.add(link)
    return 'copy'
  }
}
