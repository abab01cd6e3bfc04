/** Whether a file that is read once is another one now, as the authorities of a system after `update-ca-certificates`. */
import { statSync } from 'node:fs'

const LOOK_MS = 1000

export class Changes {
  readonly #path: string
  readonly #now: () => number
  #lookedAt = Number.NEGATIVE_INFINITY
  #version = ''

  constructor(path: string, now: () => number) {
    this.#path = path
    this.#now = now
  }
  /** Another text once the file is another one; one that is gone or empty, as while it is written anew, is the one before. */
  version(): string {
    if (this.#now() < this.#lookedAt + LOOK_MS) return this.#version
    this.#lookedAt = this.#now()
    try {
      const { ino, mtimeMs, size } = statSync(this.#path)
      if (size > 0) this.#version = `${ino} ${mtimeMs} ${size}`
    } catch {
      // Then it stays as it is.
    }
    return this.#version
  }
}
