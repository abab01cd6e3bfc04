/**
 * Can the state directory be written? Asked now and then, because whoever writes there only when something happens hears of a full or
 * read-only disk when it is too late. Beside the loop (libuv's threads): a disk that hangs holds up nothing, and is a fault as well.
 */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describeError } from '../../process/files.ts'

const EVERY_MS = 2000
/** Looks that found the one before under way still: counted, not timed, because a process that stood still itself has not heard of its end. */
const HANGING_LOOKS = 5
/** A block, and an entry of the directory: what a file of this process needs. */
const CONTENT = Buffer.alloc(4096, ' ')

export class StateRoom {
  readonly #write: () => Promise<void>
  readonly #told: (error: string | null) => void
  readonly #timer: NodeJS.Timeout
  /** Looks since the one that is under way; null: none is. */
  #waits: number | null = null
  #last: string | null = null

  /** `told`: why it cannot be written now, each time that this is another reason; null: it can, said after each look that found so. */
  constructor(
    directory: string,
    told: (error: string | null) => void,
    everyMs = EVERY_MS,
    write = (): Promise<void> => tryOut(join(directory, 'agent.probe')),
  ) {
    this.#write = write
    this.#told = told
    this.#timer = setInterval(() => void this.look(), everyMs).unref()
    void this.look()
  }
  close(): void {
    clearInterval(this.#timer)
  }

  async look(): Promise<void> {
    if (this.#waits !== null) {
      this.#waits += 1
      if (this.#waits >= HANGING_LOOKS) this.#say('the disk does not answer')
      return
    }
    this.#waits = 0
    let fault: string | null = null
    try {
      await this.#write()
    } catch (error) {
      fault = describeError(error)
    }
    this.#waits = null
    this.#say(fault)
  }
  #say(fault: string | null): void {
    if (fault !== null && fault === this.#last) return
    this.#last = fault
    this.#told(fault)
  }
}

async function tryOut(path: string): Promise<void> {
  await rm(path, { force: true })
  await writeFile(path, CONTENT, { flag: 'wx', mode: 0o600 })
  await rm(path, { force: true })
}
