/** A snapshot on its way in: nobody sees it before all of it is here and is what was sent. */
import { createHash } from 'node:crypto'
import { TextDecoder } from 'node:util'
import { decodeSnapshotWord, encodeSnapshotWord, LONGEST_SNAPSHOT_WORD, type SnapshotBegin } from '@lvsm/protocol'
import type { InstallSnapshot } from '@lvsm/raft'
import type { RawData, WebSocket } from 'ws'
import { bytesOf, textOf } from '../../../agent/nodelink/frames.ts'
import { UNREAD } from './accepted.ts'
import type { LinkContext } from './options.ts'

/** Of a frame: of a piece, or a word. */
export const MAX_PAYLOAD = Math.max(1 << 20, LONGEST_SNAPSHOT_WORD)

type Heard = (message: InstallSnapshot, state: string) => void
/** What has come so far. */
interface Begun {
  readonly begin: SnapshotBegin
  readonly pieces: string[]
  readonly hash: ReturnType<typeof createHash>
  /** Refuses what is no UTF-8. */
  readonly decoder: TextDecoder
  bytes: number
}

/** `from`: whose connection it is. */
export function receiveState(socket: WebSocket, from: number, context: LinkContext, heard: Heard): void {
  new Arrival(socket, from, context, heard)
}

class Arrival {
  readonly #socket: WebSocket
  readonly #from: number
  readonly #context: LinkContext
  readonly #heard: Heard
  readonly #stalled: NodeJS.Timeout
  #begun: Begun | null = null
  #isOver = false

  constructor(socket: WebSocket, from: number, context: LinkContext, heard: Heard) {
    this.#socket = socket
    this.#from = from
    this.#context = context
    this.#heard = heard
    this.#stalled = setTimeout(() => socket.terminate(), context.options.stallMs)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#closed())
    socket.on('message', (data, isBinary) => {
      if (this.#isOver || socket.readyState !== socket.OPEN) return
      this.#stalled.refresh()
      if (isBinary) this.#piece(data)
      else this.#word(textOf(data))
    })
  }

  #word(text: string): void {
    const decoded = decodeSnapshotWord(text)
    if (!decoded.ok) return this.#giveUp(UNREAD[decoded.reason])
    const { message } = decoded
    if (message.kind === 'install-snapshot' && !this.#begun) return this.#begin(message)
    if (message.kind === 'snapshot-end' && this.#begun) return this.#end(this.#begun, message.sha256)
    this.#giveUp('drop-peer-malformed')
  }

  #begin(begin: SnapshotBegin): void {
    if (begin.from !== this.#from || begin.to !== this.#context.id) return this.#giveUp('drop-peer-misaddressed')
    const { stateBytes } = this.#context.options
    const about = `snapshot of ${this.#from}`
    if (begin.bytes > stateBytes) {
      this.#context.told.trouble(about, {
        code: 'snapshot-too-large',
        severity: 'critical',
        message: `coordinator ${this.#from} sends a state of ${begin.bytes} bytes, and ${stateBytes} are taken at most`,
        hint: 'this coordinator cannot catch up: keep fewer revisions',
      })
      return this.#giveUp('drop-snapshot-long')
    }
    this.#context.told.trouble(about, null)
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    this.#begun = { begin, pieces: [], hash: createHash('sha256'), decoder, bytes: 0 }
  }

  #piece(data: RawData): void {
    const begun = this.#begun
    if (!begun) return this.#giveUp('drop-peer-malformed')
    const bytes = bytesOf(data)
    begun.bytes += bytes.length
    if (begun.bytes > begun.begin.bytes) return this.#giveUp('drop-snapshot-damaged')
    begun.hash.update(bytes)
    const text = decoded(begun.decoder, bytes)
    if (text === null) return this.#giveUp('drop-snapshot-damaged')
    begun.pieces.push(text)
  }

  #end({ begin, pieces, hash, decoder, bytes }: Begun, sha256: string): void {
    const isWhole = bytes === begin.bytes && hash.digest('hex') === sha256 && decoded(decoder) === ''
    if (!isWhole) return this.#giveUp('drop-snapshot-damaged')
    this.#isOver = true
    const { bytes: _, ...message } = begin
    const state = pieces.join('')
    this.#begun = null
    this.#heard(message, state)
    this.#socket.send(encodeSnapshotWord({ kind: 'snapshot-arrived' }))
    this.#socket.close()
  }

  #giveUp(why: Parameters<LinkContext['told']['count']>[0]): void {
    this.#isOver = true
    this.#begun = null
    this.#context.told.count(why)
    this.#socket.terminate()
  }

  #closed(): void {
    clearTimeout(this.#stalled)
    if (!this.#isOver) this.#context.told.count('drop-snapshot-broken')
    this.#isOver = true
    this.#begun = null
  }
}

/** Null: it is no UTF-8. Without bytes: what was left of the last character, which is to be nothing. */
function decoded(decoder: TextDecoder, bytes?: Buffer): string | null {
  try {
    return bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode()
  } catch {
    return null
  }
}
