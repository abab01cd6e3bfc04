/** Growing writer and bounds-checked reader, big-endian. A reader that runs out of bytes is a malformed message. */

/** Thrown by readers, caught by `decode` at the edge of this room; nothing outside sees it. */
export class Malformed extends Error {}
/** Well-formed as far as one can tell, but of a kind that this version does not know. */
export class UnknownKind extends Malformed {}

export class Writer {
  #bytes = new Uint8Array(256)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  #reserve(count: number): number {
    const at = this.#length
    this.#length += count
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length))
      grown.set(this.#bytes)
      this.#bytes = grown
      this.#view = new DataView(grown.buffer)
    }
    return at
  }
  u8(value: number): void {
    const at = this.#reserve(1)
    this.#view.setUint8(at, value)
  }
  u16(value: number): void {
    const at = this.#reserve(2)
    this.#view.setUint16(at, value)
  }
  u32(value: number): void {
    const at = this.#reserve(4)
    this.#view.setUint32(at, value)
  }
  f64(value: number): void {
    const at = this.#reserve(8)
    this.#view.setFloat64(at, value)
  }
  raw(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length)
    this.#bytes.set(bytes, at)
  }
  /** What was written so far; a copy. */
  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }
}

export class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
  #take(count: number): number {
    const at = this.#at
    if (count > this.#bytes.length - at) throw new Malformed('short')
    this.#at += count
    return at
  }
  get left(): number {
    return this.#bytes.length - this.#at
  }
  u8(): number {
    return this.#view.getUint8(this.#take(1))
  }
  u16(): number {
    return this.#view.getUint16(this.#take(2))
  }
  u32(): number {
    return this.#view.getUint32(this.#take(4))
  }
  f64(): number {
    return this.#view.getFloat64(this.#take(8))
  }
  raw(count: number): Uint8Array {
    const at = this.#take(count)
    return this.#bytes.slice(at, at + count)
  }
}
