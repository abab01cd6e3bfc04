/**
 * How long this process stood still, or had no processor: by a timer that should ring again and again. An answer that was there meanwhile could
 * not be read, so that time is none of the server's.
 */

const EVERY_MS = 25
/** No timer rings in time to the millisecond. */
const USUAL_MS = 3

/** Of intervals of that timer, what was too long. */
export class Stalls {
  readonly #now: () => number
  #lostMs = 0
  #heardAt: number

  constructor(now: () => number) {
    this.#now = now
    this.#heardAt = now()
  }
  /** It rang. */
  ring(): void {
    this.#lostMs = this.lostMs()
    this.#heardAt = this.#now()
  }
  /** Nobody wanted to know until now. */
  restart(): void {
    this.#heardAt = this.#now()
  }
  /** Since the beginning, what is lost right now included. */
  lostMs(): number {
    const late = this.#now() - this.#heardAt - EVERY_MS
    return this.#lostMs + (late > USUAL_MS ? late : 0)
  }
}

const own = new Stalls(() => performance.now())
let watchers = 0
let timer: NodeJS.Timeout | null = null

/** From now on; says how long it was until it is asked. `done` when nobody asks any more: without anybody no timer rings. */
export function watchStalls(): { readonly lostMs: () => number; readonly done: () => void } {
  if (watchers === 0) own.restart()
  watchers += 1
  timer ??= setInterval(() => own.ring(), EVERY_MS).unref()
  const before = own.lostMs()
  let over = false
  return {
    lostMs: () => own.lostMs() - before,
    done() {
      if (over) return
      over = true
      watchers -= 1
      if (watchers > 0 || !timer) return
      clearInterval(timer)
      timer = null
    },
  }
}
