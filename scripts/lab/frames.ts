/** What travels between the host's command and the guest: a kind, a length, bytes. */
import { type Fields, readFields } from '../fields.ts'

export const kinds = { request: 0, stdin: 1, end: 2, signal: 3, stdout: 4, stderr: 5, exit: 6 } as const
export type Kind = (typeof kinds)[keyof typeof kinds]

export interface Frame {
  readonly kind: Kind
  readonly bytes: Buffer
}

/** Longest frame that a reader accepts, in bytes. */
export const longest = 4 * 1024 * 1024

/** What a session asks for: a command, or a verb of the lab. */
export interface Request {
  readonly token: string
  readonly argv?: readonly string[]
  readonly verb?: readonly string[]
  /** Namespace of the command; the lab's outer one without it. */
  readonly node?: string
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** The command reads what the host sends; without it, nothing. */
  readonly stdin?: boolean
  /** Inside a terminal of this size. */
  readonly terminal?: { readonly rows: number; readonly columns: number }
}

export interface Exit {
  readonly code: number
  readonly signal?: string
  /** Of a verb: milliseconds of the guest's monotonic clock, around its effect. */
  readonly began?: number
  readonly ended?: number
}

const REQUEST: Fields<Request> = {
  token: 'text',
  argv: 'list?',
  verb: 'list?',
  node: 'text?',
  cwd: 'text?',
  env: 'record?',
  stdin: 'truth?',
  terminal: 'record?',
}
const EXIT: Fields<Exit> = { code: 'number', signal: 'text?', began: 'number?', ended: 'number?' }

export const readRequest = ({ bytes }: Frame): Request => readFields('the request', bytes.toString(), REQUEST)
export const readExit = ({ bytes }: Frame): Exit => readFields('the end of the command', bytes.toString(), EXIT)

export function encodeFrame(kind: Kind, bytes: Uint8Array | string = ''): Buffer {
  const body = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
  const head = Buffer.alloc(5)
  head.writeUInt8(kind, 0)
  head.writeUInt32BE(body.length, 1)
  return Buffer.concat([head, body])
}

/** Collects bytes and gives whole frames. Throws on a frame that no writer of ours makes. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0)

  push(bytes: Buffer): Frame[] {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    const frames: Frame[] = []
    while (this.#rest.length >= 5) {
      const length = this.#rest.readUInt32BE(1)
      const kind = this.#rest.readUInt8(0)
      if (length > longest || kind > kinds.exit) throw new RangeError(`not a frame: kind ${kind}, ${length} bytes`)
      if (this.#rest.length < 5 + length) break
      frames.push({ kind: kind as Kind, bytes: this.#rest.subarray(5, 5 + length) })
      this.#rest = this.#rest.subarray(5 + length)
    }
    return frames
  }
}
