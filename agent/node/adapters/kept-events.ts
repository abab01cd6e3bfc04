/**
 * What happened, as a file: whole or not at all, with a checksum. It is written beside the loop (libuv's threads): a disk that hangs
 * holds up nothing, and what comes meanwhile is written in one.
 */
import {
  decodeKeptAlerts,
  decodeKeptEvents,
  decodeKeptHooks,
  type KeptAlerts,
  type KeptEvents,
  type KeptHooks,
  LONGEST_KEPT_ALERTS,
  LONGEST_KEPT_EVENTS,
  LONGEST_KEPT_HOOKS,
} from '@lvsm/protocol'
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
  readonly #frame: (text: string) => string
  #next: string | null = null
  #writing = false
  #closed = false

  /** `told`: why the last write failed; null: it did not. */
  constructor(path: string, told: (error: string | null) => void, write = replaceBeside, frame = framed) {
    this.#path = path
    this.#told = told
    this.#write = write
    this.#frame = frame
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
      replaceFile(this.#path, this.#frame(text))
    } catch (error) {
      this.#told(describeError(error))
    }
  }

  async #run(): Promise<void> {
    this.#writing = true
    for (let text = this.#next; text !== null && !this.#closed; text = this.#next) {
      this.#next = null
      const error = await this.#write(this.#path, this.#frame(text)).then(() => null, describeError)
      if (!this.#closed) this.#told(error)
    }
    this.#writing = false
  }
}

/** What receivers of alerts were told, with a checksum of its own. `fault`: there is a file, and it cannot be used. */
export function readKeptAlerts(path: string): { readonly kept: KeptAlerts | null; readonly fault: string | null } {
  const read = readRegular(path, LONGEST_KEPT_ALERTS, false)
  if (!read.ok) return { kept: null, fault: read.code === 'ENOENT' ? null : read.reason }
  const kept = decodeKeptAlerts(read.bytes.toString('utf8'))
  return { kept, fault: kept ? null : 'is damaged, or of a newer lvsm' }
}
/** Null: there is none that can be used. */
export function readKeptHooks(path: string): KeptHooks | null {
  const read = readRegular(path, LONGEST_KEPT_HOOKS, false)
  return read.ok ? decodeKeptHooks(read.bytes.toString('utf8')) : null
}
/** One that has its own checksum. */
export class PlainFile extends EventsFile {
  constructor(path: string, told: (error: string | null) => void) {
    super(path, told, replaceBeside, (text) => text)
  }
}
