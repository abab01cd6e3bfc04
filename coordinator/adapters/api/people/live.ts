/** `GET /v1/live`: pages that are open hear of each change, so many times a second at most. Nothing waits for one of them. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { LIVE_ALIVE_MS, LIVE_CLOSE, type LiveMessage } from '@lvsm/protocol'
import { WebSocket, WebSocketServer } from 'ws'
import { liveOf } from '../../../api/live.ts'
import { nodesOf } from '../../../api/status.ts'
import type { Configuration } from '../../../configuration.ts'
import type { ApiHost } from '../route-context.ts'
import type { Known } from './access.ts'

export interface LiveSetting {
  readonly configuration: Configuration
  readonly host: Pick<ApiHost, 'progress' | 'silentMs' | 'clusterEvents' | 'clusterStatus'>
  /** Is whoever it was still let in? */
  isStill(known: Known): boolean
  readonly limits?: Partial<LiveLimits>
}
interface LiveLimits {
  /** How often it is looked for news: they come so often at most. */
  readonly lookMs: number
  /** A page that answers no ping for two of these is gone. */
  readonly pingMs: number
  /** How often each page hears at least that its coordinator is there. */
  readonly aliveMs: number
  readonly connections: number
  /** Bytes that may wait for one page. */
  readonly bufferBytes: number
}
const LIMITS: LiveLimits = {
  lookMs: 250,
  pingMs: 10_000,
  aliveMs: LIVE_ALIVE_MS,
  connections: 100,
  bufferBytes: 4 << 20,
}
/** Bytes: pages have nothing to say. */
const LONGEST_MESSAGE = 1024

const ALIVE = JSON.stringify({ kind: 'alive' } satisfies LiveMessage)

interface Page {
  readonly known: Known
  heard: boolean
  /** Of what was sent last. */
  mark: string
}

export class Live {
  readonly #setting: LiveSetting
  readonly #limits: LiveLimits
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: LONGEST_MESSAGE, perMessageDeflate: false })
  readonly #pages = new Map<WebSocket, Page>()
  #timers: readonly NodeJS.Timeout[] = []

  constructor(setting: LiveSetting) {
    this.#setting = setting
    this.#limits = { ...LIMITS, ...setting.limits }
  }

  get isFull(): boolean {
    return this.#pages.size >= this.#limits.connections
  }

  open(incoming: IncomingMessage, socket: Duplex, head: Buffer, known: Known): void {
    this.#server.handleUpgrade(incoming, socket, head, (page) => {
      this.#pages.set(page, { known, heard: true, mark: '' })
      page.on('error', () => page.terminate())
      page.on('pong', () => this.#heard(page))
      page.on('close', () => this.#closed(page))
      if (this.#timers.length === 0)
        this.#timers = [
          setInterval(() => this.#look(), this.#limits.lookMs),
          setInterval(() => this.#ping(), this.#limits.pingMs),
          setInterval(() => this.#tellAlive(), this.#limits.aliveMs),
        ]
      this.#look()
    })
  }

  close(): void {
    for (const page of this.#pages.keys()) page.terminate()
  }

  #heard(page: WebSocket): void {
    const known = this.#pages.get(page)
    if (known) known.heard = true
  }
  #closed(page: WebSocket): void {
    this.#pages.delete(page)
    if (this.#pages.size > 0) return
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
  }

  /** Made once for all of them. */
  #look(): void {
    const { configuration, host, isStill } = this.#setting
    const known = configuration.known()
    const nodes = known ? nodesOf(known, host.progress()) : []
    const seen = { coordinators: configuration.status(), known, status: host.clusterStatus(), nodes }
    const { message, mark } = liveOf({
      ...{ ...seen, silentMs: (id) => host.silentMs(id) },
      events: () => host.clusterEvents().events,
    })
    const text = JSON.stringify(message)
    for (const [page, state] of this.#pages) {
      if (!isStill(state.known)) page.close(LIVE_CLOSE.loggedOut, 'logged out')
      else if (state.mark !== mark) this.#send(page, state, text, mark)
    }
  }

  #send(page: WebSocket, state: Page, text: string, mark: string): void {
    if (page.readyState !== WebSocket.OPEN) return
    if (page.bufferedAmount > this.#limits.bufferBytes) return page.close(LIVE_CLOSE.slow, 'too slow')
    state.mark = mark
    page.send(text)
  }

  /** Browsers do not show pings to pages. */
  #tellAlive(): void {
    for (const [page, state] of this.#pages) this.#send(page, state, ALIVE, state.mark)
  }

  #ping(): void {
    for (const [page, state] of this.#pages) {
      if (!state.heard) page.terminate()
      state.heard = false
      if (page.readyState === WebSocket.OPEN) page.ping()
    }
  }
}
