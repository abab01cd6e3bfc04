/** The page's one connection to its coordinator: opened again as long as there is a session, and never believed when it is silent. */
import { LIVE_ALIVE_MS, LIVE_CLOSE, liveMessage, parseObject } from '@lvsm/protocol'
import { ask, liveUrl } from './api.ts'
import type { Out } from './core/model.ts'
import type { Store } from './store.ts'

/** Milliseconds without a word: two signs of life were lost, and one is late. */
const SILENCE_MS = 3 * LIVE_ALIVE_MS
/** Milliseconds until it is tried again, the first and the longest time; up to half as long again, so that pages do not come all at once. */
const AGAIN_MS = { first: 500, longest: 8000 } as const
/** Somebody is at the page: so often at most that is told, because what a page hears by itself is no sign of life of its session. */
const PRESENT_MS = 60_000

export class Connection {
  readonly #store: Store
  #socket: WebSocket | null = null
  #wait: number = AGAIN_MS.first
  #timer: ReturnType<typeof setTimeout> | undefined
  #silence: ReturnType<typeof setTimeout> | undefined
  #asking = false
  #presentAt = 0

  constructor(store: Store) {
    this.#store = store
  }

  /** Asks who this is, and follows the cluster as long as he is somebody. Asking again while it is under way does nothing. */
  async begin(): Promise<void> {
    if (this.#asking || this.#socket) return
    this.#asking = true
    clearTimeout(this.#timer)
    const asked = await ask('session')
    this.#asking = false
    if (asked.kind === 'done') {
      this.#store.happened({ kind: 'user', name: asked.body.user, role: asked.body.role })
      return this.#open()
    }
    if (asked.kind === 'refused' && asked.status === 401) return this.leave('over')
    this.#lost()
  }

  /** Nobody is logged in any more. */
  leave(why: Out): void {
    this.#drop()
    clearTimeout(this.#timer)
    this.#store.happened({ kind: 'nobody', why })
  }

  /** Somebody is at the page. */
  present(): void {
    if (this.#store.model.who.kind !== 'user' || Date.now() - this.#presentAt < PRESENT_MS) return
    this.#presentAt = Date.now()
    void ask('session').then((asked) => {
      if (asked.kind === 'refused' && asked.status === 401) this.leave('over')
    })
  }

  #open(): void {
    const socket = new WebSocket(liveUrl())
    this.#socket = socket
    this.#listen()
    socket.addEventListener('message', ({ data }) => {
      if (this.#socket === socket) this.#hear(String(data))
    })
    socket.addEventListener('close', ({ code }) => {
      if (this.#socket !== socket) return
      if (code === LIVE_CLOSE.loggedOut) this.leave('over')
      else this.#lost()
    })
  }

  #hear(text: string): void {
    this.#listen()
    this.#wait = AGAIN_MS.first
    const value = parseObject(text)
    const read = liveMessage.safeParse(value)
    if (read.success) this.#store.happened({ kind: 'message', message: read.data, at: Date.now() })
    // Other kinds are for later pages. While a state cannot be read, the one before it is not how it is now.
    else if (value['kind'] === 'state') this.#store.happened({ kind: 'strange' })
  }

  #listen(): void {
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => this.#lost(), SILENCE_MS)
  }

  #lost(): void {
    this.#drop()
    this.#store.happened({ kind: 'lost', at: Date.now() })
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.begin(), this.#wait * (1 + Math.random() / 2))
    this.#wait = Math.min(2 * this.#wait, AGAIN_MS.longest)
  }

  #drop(): void {
    clearTimeout(this.#silence)
    const socket = this.#socket
    this.#socket = null
    socket?.close()
  }
}
