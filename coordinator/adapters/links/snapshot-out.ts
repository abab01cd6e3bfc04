/** A snapshot on its way to another coordinator: on a connection of its own, so that everything else overtakes it. */
import { createHash } from 'node:crypto'
import { decodeSnapshotWord, encodeSnapshotWord, LONGEST_SNAPSHOT_WORD } from '@lvsm/protocol'
import type { InstallSnapshot } from '@lvsm/raft'
import type { WebSocket } from 'ws'
import { textOf } from '../../../agent/nodelink/frames.ts'

/** UTF-16 units of one piece: at most three times as many bytes. */
const PIECE = 1 << 17

/** True: the other coordinator has said that it has all of it. Ends the connection in any case, and never throws. */
export async function sendState(
  socket: WebSocket,
  message: InstallSnapshot,
  state: string,
  stallMs: number,
): Promise<boolean> {
  const flow = new Flow(socket, stallMs)
  try {
    await flow.opened
    const hash = createHash('sha256')
    await flow.sent(encodeSnapshotWord({ ...message, bytes: Buffer.byteLength(state) }))
    for (const piece of piecesOf(state)) {
      const bytes = Buffer.from(piece)
      hash.update(bytes)
      await flow.sent(bytes)
    }
    await flow.sent(encodeSnapshotWord({ kind: 'snapshot-end', sha256: hash.digest('hex') }))
    const decoded = decodeSnapshotWord(await flow.answer)
    return decoded.ok && decoded.message.kind === 'snapshot-arrived'
  } catch {
    // It broke off: that is all there is to say, and the caller is told.
    return false
  } finally {
    flow.end()
  }
}

/** Not through the middle of a character of two units: each half would become another one. */
export function* piecesOf(text: string, length = PIECE): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const last = text.charCodeAt(at + length - 1)
    const isHalf = last >= 0xd800 && last <= 0xdbff
    const end = at + length - (isHalf ? 1 : 0)
    yield text.slice(at, end)
    at = end
  }
}

/** The steps of it, each of which fails when the connection ends or nothing moves for too long. */
class Flow {
  readonly #socket: WebSocket
  readonly #stalled: NodeJS.Timeout
  readonly #closed: Promise<never>
  readonly opened: Promise<void>
  /** The other side's only word. */
  readonly answer: Promise<string>

  constructor(socket: WebSocket, stallMs: number) {
    this.#socket = socket
    this.#stalled = setTimeout(() => socket.terminate(), stallMs)
    socket.on('error', () => undefined)
    this.#closed = new Promise((_, fail) => socket.once('close', () => fail(new Error('closed'))))
    this.opened = this.#unlessClosed(new Promise((done) => socket.once('open', done)))
    this.answer = this.#unlessClosed(new Promise((done) => socket.once('message', (data) => done(textOf(data)))))
    for (const promise of [this.#closed, this.opened, this.answer]) promise.catch(() => undefined)
  }

  /** When the kernel has taken it: so no more than one piece waits here. */
  async sent(data: string | Buffer): Promise<void> {
    await this.#unlessClosed(
      new Promise<void>((done, fail) => this.#socket.send(data, (error) => (error ? fail(error) : done()))),
    )
    this.#stalled.refresh()
  }

  end(): void {
    clearTimeout(this.#stalled)
    this.#socket.terminate()
  }

  #unlessClosed<Value>(promise: Promise<Value>): Promise<Value> {
    return Promise.race([promise, this.#closed])
  }
}

export const ANSWER_BYTES = LONGEST_SNAPSHOT_WORD
