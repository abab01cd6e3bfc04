/** Who is logged in with a browser. In memory: a restart logs everybody out, and so does another coordinator. */

/** Milliseconds: without a request; at most. */
export const SESSION = { idleMs: 30 * 60_000, wholeMs: 12 * 3_600_000 } as const
const MOST_OF_USER = 20
const MOST = 1000

export interface Session {
  readonly user: string
  /** Of the password that it began with: another one ends it. */
  readonly mark: string
  /** When it ends at the latest. Monotonic, as all times here. */
  readonly until: number
}
interface Kept extends Session {
  readonly idleUntil: number
}

export class Sessions {
  readonly #sessions = new Map<string, Kept>()

  /** `key`: what of its secret may be kept. */
  open(key: string, { user, mark }: Pick<Session, 'user' | 'mark'>, now: number): Session {
    const until = now + SESSION.wholeMs
    const own = [...this.#sessions].flatMap(([other, one]) => (one.user === user ? [other] : []))
    for (const other of own.slice(0, Math.max(0, own.length + 1 - MOST_OF_USER))) this.#sessions.delete(other)
    const [oldest] = this.#sessions.keys()
    if (this.#sessions.size >= MOST && oldest !== undefined) this.#sessions.delete(oldest)
    const session = { user, mark, until, idleUntil: now + SESSION.idleMs }
    this.#sessions.set(key, session)
    return session
  }

  /** Asking for it is a sign of life. */
  find(key: string, now: number): Session | null {
    const found = this.#sessions.get(key)
    if (!found) return null
    if (now >= found.until || now >= found.idleUntil) {
      this.#sessions.delete(key)
      return null
    }
    this.#sessions.set(key, { ...found, idleUntil: now + SESSION.idleMs })
    return found
  }

  /** The same, and no sign of life. */
  isOpen(key: string, now: number): boolean {
    const found = this.#sessions.get(key)
    return found !== undefined && now < found.until && now < found.idleUntil
  }

  close(key: string): void {
    this.#sessions.delete(key)
  }
}
