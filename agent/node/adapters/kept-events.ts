/**
 * What happened, as a file: whole or not at all, with a checksum. It is written beside the loop (libuv's threads): a disk that hangs
 * holds up nothing, and what comes meanwhile is written in one.
 */
import { decodeKeptEvents, type KeptEvents, LONGEST_KEPT_EVENTS } from '@lvsm/protocol'
import { createHash } from 'node:crypto'
import { describeError, readRegular, replaceFile } from '../../process/files.ts'
import { replaceBeside } from '../../process/beside.ts'

const VERSION = 1
/** The head is its name, the version, the checksum of the rest, and room for more words. */
const HEAD = /^lvsm-events (\d+) (\S+)(?: .*)?$/

const checksum = (text: string): string => createHash('sha256').update(text).digest('hex')
const framed = (text: string): string => `lvsm-events ${VERSION} ${checksum(text)}\n${text}\n`

/** `fault`: there is a file, and it cannot be used. */
export function readKeptEvents(path: string): { readonly kept: KeptEvents | null; readonly fault: string | null } {
  const read = readRegular(path, LONGEST_KEPT_EVENTS, false)
  if (!read.ok) return { kept: null, fault: read.code === 'ENOENT' ? null : read.reason }
  const [head = '', text = ''] = read.bytes.toString('utf8').split('\n')
  const kept = HEAD.exec(head)?.[2] === checksum(text) ? decodeKeptEvents(text) : null
  return { kept, fault: kept ? null : 'is damaged, or of a newer lvsm' }
}

export class EventsFile {
  readonly #path: string
  readonly #told: (error: string | null) => void
  readonly #write: (path: string, content: string) => Promise<void>
  #next: string | null = null
  #writing = false
  #closed = false

  /** `told`: why the last write failed; null: it did not. */
  constructor(path: string, told: (error: string | null) => void, write = replaceBeside) {
    this.#path = path
    this.#told = told
    this.#write = write
  }

  save(text: string): void {
    this.#next = text
    if (!this.#writing) void this.#run()
  }
  /** The process ends: at once. One that is under way wrote less, and is not waited for where it hangs. */
  close(text: string): void {
    this.#closed = true
    if (this.#writing) return
    try {
      replaceFile(this.#path, framed(text))
    } catch (error) {
      this.#told(describeError(error))
    }
  }

  async #run(): Promise<void> {
    this.#writing = true
    for (let text = this.#next; text !== null && !this.#closed; text = this.#next) {
      this.#next = null
      const error = await this.#write(this.#path, framed(text)).then(() => null, describeError)
      if (!this.#closed) this.#told(error)
    }
    this.#writing = false
  }
}
