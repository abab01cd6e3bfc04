/** What followers say, read in turn: whoever says much is not read until it is his turn, and has to keep it meanwhile. */
import { type Instant, instant } from '@lvsm/base'
import type { WebSocket } from 'ws'
import { Turns } from '../../feed/turns.ts'

const now = (): Instant => instant(performance.now())

export class Reading<Who extends { readonly socket: Pick<WebSocket, 'pause' | 'resume'> }> {
  readonly #turns = new Turns<Who>()
  /** What came before its connection stood still. */
  readonly #held = new Map<Who, string[]>()
  readonly #read: (who: Who, text: string) => void
  #timer: NodeJS.Timeout | undefined

  constructor(read: (who: Who, text: string) => void) {
    this.#read = read
  }

  came(who: Who, text: string): void {
    const held = this.#held.get(who)
    if (held) return void held.push(text)
    if (this.#turns.mayRead(who, text.length, now())) return this.#read(who, text)
    who.socket.pause()
    this.#held.set(who, [text])
    this.#wait()
  }
  /** Nothing of it is read any more. */
  gone(who: Who): void {
    this.#held.delete(who)
    this.#turns.forget(who)
  }
  close(): void {
    clearTimeout(this.#timer)
    this.#held.clear()
  }

  #wait(): void {
    clearTimeout(this.#timer)
    const dueAt = this.#turns.dueAt()
    if (dueAt !== null) this.#timer = setTimeout(() => this.#turn(), Math.max(0, Math.ceil(dueAt - now())))
  }
  #turn(): void {
    const who = this.#turns.next(now())
    if (who !== null) this.#proceed(who)
    this.#wait()
  }
  #proceed(who: Who): void {
    const held = this.#held.get(who)
    for (let text = held?.shift(); held && text !== undefined; text = held.shift()) {
      this.#read(who, text)
      if (this.#held.get(who) !== held) return
      const [next] = held
      if (next !== undefined && !this.#turns.mayRead(who, next.length, now())) return
    }
    this.#held.delete(who)
    who.socket.resume()
  }
}
