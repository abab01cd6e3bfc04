/**
 * The log of a daemon: lines on standard error. A reader that is gone (a closed terminal, a dead pipe, a full disk) or that
 * does not read (a terminal that was stopped, a frozen `less`) must neither end nor hold up the process: a write never waits;
 * what finds no room is kept for a while, then dropped and counted.
 */
import { constants, fstatSync, openSync, writeSync } from 'node:fs'

const RETRY_MS = 100
/** So many bytes wait for a reader that does not read. */
const MOST_WAITING = 256 * 1024

/** What of another program's text would steer a terminal, but for line ends and tabs. */
const STEERING = /(?![\n\t])\p{Cc}/gu
const harmless = (text: string): string =>
  text.replace(STEERING, (found) => `\\x${found.charCodeAt(0).toString(16).padStart(2, '0')}`)

export interface Log {
  write(line: string): void
}
/** Throws EAGAIN where nothing can be taken now; else how many bytes were taken. */
type Take = (bytes: Buffer) => number

/** `fd`: of a file, a pipe or a terminal; where it is a socket (the journal's), its stream is written to. */
export function openLog(fd: number, streamOf: () => Pick<NodeJS.WriteStream, 'write' | 'writableLength' | 'on'>): Log {
  try {
    // A file never makes anybody wait, and its place to write at is shared with who writes there before and after us.
    if (fstatSync(fd).isFile()) return new Lines((bytes) => writeSync(fd, bytes))
    // Anew, because the flags of an open file are shared with whoever gave it to us: a shell would find its terminal changed.
    const own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    return new Lines((bytes) => writeSync(own, bytes))
  } catch {
    const stream = streamOf()
    stream.on('error', () => undefined)
    return new Lines((bytes) => {
      if (stream.writableLength > MOST_WAITING) throw Object.assign(new Error('nobody reads'), { code: 'EAGAIN' })
      stream.write(bytes)
      return bytes.length
    })
  }
}

export class Lines implements Log {
  readonly #take: Take
  #waiting: Buffer[] = []
  #bytes = 0
  #dropped = 0
  #waits = false

  constructor(take: Take) {
    this.#take = take
  }

  write(line: string): void {
    const bytes = Buffer.from(`${harmless(line)}\n`)
    if (this.#bytes + bytes.length > MOST_WAITING) {
      this.#dropped += 1
      return
    }
    this.#put(bytes)
    this.#flush()
  }

  #put(bytes: Buffer): void {
    this.#waiting.push(bytes)
    this.#bytes += bytes.length
  }

  #flush(): void {
    try {
      for (let next = this.#waiting[0]; next; next = this.#waiting[0]) this.#taken(next, this.#take(next))
      if (this.#dropped === 0) return
      this.#put(Buffer.from(`${this.#dropped} lines of this log were lost: nobody read it\n`))
      this.#dropped = 0
      this.#flush()
    } catch (error) {
      this.#refused((error as NodeJS.ErrnoException).code)
    }
  }

  #taken(line: Buffer, length: number): void {
    this.#bytes -= length
    if (length < line.length) this.#waiting[0] = line.subarray(length)
    else this.#waiting.shift()
  }

  #refused(code: string | undefined): void {
    if (code === 'EAGAIN' || code === 'ENOSPC') {
      if (this.#waits) return
      this.#waits = true
      setTimeout(() => {
        this.#waits = false
        this.#flush()
      }, RETRY_MS).unref()
      return
    }
    // The reader is gone for good.
    this.#waiting = []
    this.#bytes = 0
  }
}
