/**
 * Hosts that are not there: a datagram that nobody refuses may have reached nobody. The kernel, or a router, says so after seconds (ARP and
 * neighbour discovery ask three times, a second each; man 7 arp), and to a socket of TCP alone: of UDP it keeps it for itself (man 7 udp,
 * IP_RECVERR). So beside such checks a connection is opened to the same port, one at a time, and closed again: refused or taken, the host is
 * there, and silence is what a packet filter makes; what is found counts for the checks that come after, until something else is found.
 */
import { NO_HOST, type ProbeJob } from '@lvsm/protocol'
import { askAgain, dropFirst, type Second } from '../second-question.ts'

const MOST_UNDER_WAY = 256
/** Who left the configuration is not sought any more, and is not heard either. */
const MOST_ABSENT = 4096

type Target = Pick<ProbeJob, 'address' | 'port' | 'source'>
/** Null: nothing is against it; undefined: that is not known; else why it is not there. */
type Found = string | null | undefined
export type Seek = (target: Target, done: (found: Found) => void) => void

export const seekBy =
  (ask: Second): Seek =>
  (target, done) =>
    ask(target, (answer) => done(answer === 'nobody' ? NO_HOST : answer === undefined ? undefined : null))

export class Absences {
  readonly #seek: Seek
  /** Who was found so last is last. */
  readonly #absent = new Map<string, string>()
  readonly #sought = new Set<string>()

  constructor(how: Seek = seekBy(askAgain)) {
    this.#seek = how
  }

  /** Why it is not there, as it was found last; null: nobody found that. */
  of(target: Target): string | null {
    return this.#absent.get(nameOf(target)) ?? null
  }

  isThere(target: Target): void {
    this.#absent.delete(nameOf(target))
  }

  seek(target: Target): void {
    const name = nameOf(target)
    if (this.#sought.has(name) || this.#sought.size >= MOST_UNDER_WAY) return
    this.#sought.add(name)
    this.#seek(target, (found) => {
      this.#sought.delete(name)
      if (found !== undefined) this.#absent.delete(name)
      if (typeof found !== 'string') return
      this.#absent.set(name, found)
      dropFirst(this.#absent, (_, size) => size > MOST_ABSENT)
    })
  }
}
const nameOf = ({ address, port, source }: Target): string => JSON.stringify([address, port, source])
