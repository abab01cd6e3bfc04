/**
 * Whether a password is a user's. Who guesses is slowed, whichever way he comes: failed tries count together for one user, and for
 * one address.
 */
import { NO_PEOPLE } from '@lvsm/changes'
import type { User } from '@lvsm/protocol'
import { type Reply, refusedWith } from '../../api/reply.ts'
import { type Bound, Tries } from '../../api/tries.ts'
import type { Configuration } from '../../configuration.ts'
import { BUSY, CROWDED, type Passwords } from './passwords.ts'
import { tooMany } from './too-many.ts'

/** Failed tries a minute. Whoever keeps another one out that way is told of in the log; root on the socket, and tokens, still work. */
const OF_USER = 20
const OF_ADDRESS = 20

export class Login {
  readonly #passwords: Passwords
  readonly #clock: () => number
  readonly #tries = new Tries()
  /** `clock`: monotonic milliseconds. */
  constructor(passwords: Passwords, clock: () => number) {
    this.#passwords = passwords
    this.#clock = clock
  }

  /** The user, as this coordinator knows him; or why not. `from`: an address, or `socket`. */
  async check(configuration: Configuration, name: string, password: string, from: string): Promise<User | Reply> {
    const bounds: Bound[] = [
      { key: `user ${name}`, perMinute: OF_USER },
      { key: `address ${from}`, perMinute: OF_ADDRESS },
    ]
    const wait = this.#tries.begin(bounds, this.#clock())
    if (wait !== null) return tooMany(wait)
    const { users } = configuration.known()?.people ?? NO_PEOPLE
    const known = users.find((user) => user.name === name)
    const right = await this.#passwords.verify(password, known?.password ?? null)
    if (right !== false) this.#tries.succeeded(bounds, this.#clock())
    if (right === BUSY) return refusedWith(503, [CROWDED])
    return right && known ? known : WRONG_PASSWORD
  }
}

/** The same for a name that is not there. */
const WRONG_PASSWORD = refusedWith(401, [
  {
    code: 'wrong-password',
    message: 'user and password do not fit',
    hint: 'who has forgotten it asks root on a coordinator: lvsm user password NAME',
  },
])
