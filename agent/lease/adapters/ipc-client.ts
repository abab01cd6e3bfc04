/** One connection of a reconciler: its stream, when it last said something, and how long it may leave a frame half said. */
import { FrameSplitter } from '@lvsm/protocol'
import type { Socket } from 'node:net'

/** Longer than a reconciler that is alive is silent, or stops in the middle of a word. */
export const LONGEST_PAUSE_MS = 5000

export class Client {
  readonly socket: Socket
  readonly #splitter = new FrameSplitter()
  readonly #broke: () => void
  #heardAt = performance.now()
  #paused = false
  #timer: NodeJS.Timeout | undefined

  /** `broke`: it left a frame half said. */
  constructor(socket: Socket, broke: () => void) {
    this.socket = socket
    this.#broke = broke
  }

  /** Of a frame that is not whole. */
  get partial(): number {
    return this.#splitter.partial
  }
  get silentMs(): number {
    return performance.now() - this.#heardAt
  }

  /** Whole frames; null when the stream is not ours. */
  push(chunk: Uint8Array): Uint8Array[] | null {
    const frames = this.#splitter.push(chunk)
    if (!frames) return null
    if (frames.length > 0) {
      this.#heardAt = performance.now()
      this.#waitNoMore()
    }
    this.#waitForRest()
    return frames
  }
  /** What it says is left with the kernel, and holds up nobody but itself. */
  pause(): void {
    this.#paused = true
    this.#waitNoMore()
    this.socket.pause()
  }
  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#waitForRest()
    this.socket.resume()
  }
  end(): void {
    this.#waitNoMore()
    this.socket.destroy()
  }

  #waitForRest(): void {
    if (this.partial > 0 && !this.#paused) this.#timer ??= setTimeout(this.#broke, LONGEST_PAUSE_MS)
  }
  #waitNoMore(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
