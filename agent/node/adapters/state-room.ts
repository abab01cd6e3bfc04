/**
 * Can the state directory be written? Asked now and then, because whoever writes there only when something happens hears of a full or
 * read-only disk when it is too late. Beside the loop (libuv's threads): a disk that hangs holds up nothing, and is a fault as well.
 */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describeError } from '../../process/files.ts'

const EVERY_MS = 2000
const HANGING_MS = 10_000
/** A block, and an entry of the directory: what a file of this process needs. */
const CONTENT = Buffer.alloc(4096, ' ')

export class StateRoom {
  readonly #path: string
  readonly #told: (error: string | null) => void
  readonly #timer: NodeJS.Timeout
  #since: number | null = null
  #last: string | null = null

  /** `told`: why it cannot be written now, each time that this is another reason; null: it can, said after each look that found so. */
  constructor(directory: string, told: (error: string | null) => void, everyMs = EVERY_MS) {
    this.#path = join(directory, 'agent.probe')
    this.#told = told
    this.#timer = setInterval(() => void this.look(), everyMs).unref()
    void this.look()
  }
  close(): void {
    clearInterval(this.#timer)
  }

  async look(): Promise<void> {
    if (this.#since !== null) {
      const waitsMs = performance.now() - this.#since
      if (waitsMs >= HANGING_MS) this.#say('the disk does not answer')
      return
    }
    this.#since = performance.now()
    let fault: string | null = null
    try {
      await rm(this.#path, { force: true })
      await writeFile(this.#path, CONTENT, { flag: 'wx', mode: 0o600 })
      await rm(this.#path, { force: true })
    } catch (error) {
      fault = describeError(error)
    }
    this.#since = null
    this.#say(fault)
  }
  #say(fault: string | null): void {
    if (fault !== null && fault === this.#last) return
    this.#last = fault
    this.#told(fault)
  }
}
