/** Passwords: from a text to what is kept of it, and whether a text is the one. Computed in threads: the loop goes on. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import type { Refusal } from '@lvsm/base'
import type { PasswordHash } from '@lvsm/protocol'

/** OWASP, "Password Storage Cheat Sheet": N = 2^15, r = 8, p = 3; 32 MiB, and a fraction of a second. */
const COST = { n: 1 << 15, r: 8, p: 3 } as const
const SALT_BYTES = 16
const HASH_BYTES = 32
/** The pool of threads is for files and names too; who comes when so many wait is told to come again. */
const MOST_AT_ONCE = 2
const MOST_WAITING = 32

export interface Cost {
  readonly n: number
  readonly r: number
  readonly p: number
}
/** Too many are asked for. */
export const BUSY = Symbol('busy')
export const CROWDED: Refusal = {
  code: 'busy',
  message: 'many passwords are checked now',
  hint: 'nothing was changed; try again in a few seconds',
}

export class Passwords {
  readonly #cost: Cost
  readonly #waiting: (() => void)[] = []
  #running = 0
  /** Checked where there is no such user, or no password: that takes as long as a wrong one. */
  readonly #nobody: PasswordHash

  constructor(cost: Cost = COST) {
    this.#cost = cost
    const digits = (bytes: number): string => randomBytes(bytes).toString('hex')
    this.#nobody = { scheme: 'scrypt', ...cost, salt: digits(SALT_BYTES), hash: digits(HASH_BYTES) }
  }

  async hash(password: string): Promise<PasswordHash | typeof BUSY> {
    const salt = randomBytes(SALT_BYTES).toString('hex')
    const hash = await this.#derive(password, salt, this.#cost)
    return hash === BUSY ? BUSY : { scheme: 'scrypt', ...this.#cost, salt, hash: hash.toString('hex') }
  }

  /** `known` null: it is the password of nobody. */
  async verify(password: string, known: PasswordHash | null): Promise<boolean | typeof BUSY> {
    const { salt, hash, ...cost } = known ?? this.#nobody
    const found = await this.#derive(password, salt, cost)
    if (found === BUSY) return BUSY
    const wanted = Buffer.from(hash, 'hex')
    return known !== null && found.length === wanted.length && timingSafeEqual(found, wanted)
  }

  async #derive(password: string, salt: string, { n: N, r, p }: Cost): Promise<Buffer | typeof BUSY> {
    if (this.#waiting.length >= MOST_WAITING) return BUSY
    if (this.#running >= MOST_AT_ONCE) await new Promise<void>((go) => this.#waiting.push(go))
    else this.#running++
    try {
      // What looks the same is the same, however a keyboard writes it.
      const text = Buffer.from(password.normalize('NFC'))
      return await new Promise<Buffer>((resolve, reject) => {
        const options = { N, r, p, maxmem: 256 * N * r + (1 << 20) }
        scrypt(text, Buffer.from(salt, 'hex'), HASH_BYTES, options, (error, key) =>
          error ? reject(error) : resolve(key),
        )
      })
    } finally {
      // Who waits takes over its place.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running--
    }
  }
}
