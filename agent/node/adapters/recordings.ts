/**
 * What the flight recorder has, as files: one of each of the last moves, in turn, and one of the last end of this process. They are
 * written and read beside the loop (libuv's threads), one at a time: a disk that hangs holds up nothing, what comes meanwhile is written
 * in one, and where there is no room what is in memory stays there.
 */
import { decodeRecorded, LONGEST_RECORDED_FILE, type RecordedFile } from '@lvsm/protocol'
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describeError, replaceFile } from '../../process/files.ts'
import { replaceBeside } from '../../process/beside.ts'

const VERSION = 1
const HEAD = /^lvsm-recorded (\d+) (\S+)(?: .*)?$/
/** So many moves are kept. */
export const MOST_RECORDINGS = 8

const checksum = (text: string): string => createHash('sha256').update(text).digest('hex')
const framed = (text: string): string => `lvsm-recorded ${VERSION} ${checksum(text)}\n${text}\n`
const READ = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW

/** Null: it is not there, or cannot be used. */
async function readRecording(path: string): Promise<RecordedFile | null> {
  try {
    const file = await open(path, READ)
    try {
      const { size } = await file.stat()
      if (size > LONGEST_RECORDED_FILE) return null
      const text = await file.readFile('utf8')
      const end = text.indexOf('\n')
      const rest = text.slice(end + 1).trimEnd()
      return HEAD.exec(text.slice(0, end))?.[2] === checksum(rest) ? decodeRecorded(rest) : null
    } finally {
      await file.close()
    }
  } catch {
    return null
  }
}

const writtenAt = (path: string): Promise<number> =>
  stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  )

export class Recordings {
  readonly #ofMoves: readonly string[]
  readonly #ofEnd: string
  readonly #say: (text: string) => void
  readonly #write: (path: string, content: string) => Promise<void>
  #next: string | null = null
  #writing = false
  #failed = false

  constructor(stateDir: string, say: (text: string) => void, write = replaceBeside) {
    this.#ofMoves = Array.from({ length: MOST_RECORDINGS }, (_, at) => join(stateDir, `agent.recorded-${at + 1}`))
    this.#ofEnd = join(stateDir, 'agent.recorded-end')
    this.#say = say
    this.#write = write
  }

  save(text: string): void {
    this.#next = text
    if (!this.#writing) void this.#run()
  }
  /** The process ends: at once, and nothing is lost where it cannot be written but the past. */
  close(text: string | null): void {
    try {
      if (text !== null) replaceFile(this.#ofEnd, framed(text))
    } catch (error) {
      this.#say(`cannot write ${this.#ofEnd}: ${describeError(error)}`)
    }
  }
  /** The newest first. */
  async read(): Promise<RecordedFile[]> {
    const found: RecordedFile[] = []
    for (const path of [...this.#ofMoves, this.#ofEnd]) {
      const one = await readRecording(path)
      if (one) found.push(one)
    }
    return found.toSorted((one, other) => other.writtenMs - one.writtenMs)
  }

  async #run(): Promise<void> {
    this.#writing = true
    for (let text = this.#next; text !== null; text = this.#next) {
      this.#next = null
      const path = await this.#oldest()
      const error = await this.#write(path, framed(text)).then(() => null, describeError)
      if (error !== null && !this.#failed)
        this.#say(`cannot write ${path}: ${error}; what was recorded of the last minutes is in memory alone`)
      this.#failed = error !== null
    }
    this.#writing = false
  }
  async #oldest(): Promise<string> {
    const times = await Promise.all(this.#ofMoves.map(async (path) => ({ path, at: await writtenAt(path) })))
    return times.reduce((oldest, one) => (one.at < oldest.at ? one : oldest)).path
  }
}
