/**
 * Hosts that are not there: a datagram that nobody refuses may have reached nobody. The kernel, or a router, says so after seconds (ARP and
 * neighbour discovery ask three times, a second each; man 7 arp), and to a socket of TCP alone: of UDP it keeps it for itself (man 7 udp,
 * IP_RECVERR). So beside such checks a connection is opened to the same port, one at a time, and closed again: refused or taken, the host is
 * there, and silence is what a packet filter makes; what is found counts for the checks that come after, until something else is found.
 */
import { connect } from 'node:net'
import { performance } from 'node:perf_hooks'
import type { ProbeJob } from '@lvsm/protocol'
import { reasonOf } from '../reasons.ts'

/** Milliseconds. */
const PATIENCE_MS = 5000
const MOST_UNDER_WAY = 256
/** A packet filter of the host itself may say the same of the port (ICMP type 3, code 10 or 13), but at once. */
export const AT_ONCE_MS = 900
const ABSENT: ReadonlySet<string> = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN'])

type Target = Pick<ProbeJob, 'address' | 'port' | 'source'>
/** Null: nothing is against it; undefined: that is not known; else why it is not there. */
type Found = string | null | undefined
export type Seek = (target: Target, done: (found: Found) => void) => void

export const seek: Seek = ({ address, port, source }, done) => {
  const socket = connect({ host: address, port, ...(source === null ? {} : { localAddress: source }) })
  const began = performance.now()
  let over = false
  const end = (found: Found): void => {
    if (over) return
    over = true
    clearTimeout(timer)
    socket.destroy()
    done(found)
  }
  const timer = setTimeout(() => end(null), PATIENCE_MS)
  socket.on('connect', () => end(null))
  socket.on('error', (error: NodeJS.ErrnoException) => {
    const { code = '' } = error
    if (code === 'ECONNREFUSED' || code === 'ECONNRESET') end(null)
    else end(ABSENT.has(code) && performance.now() - began > AT_ONCE_MS ? reasonOf(error) : undefined)
  })
}

export class Absences {
  readonly #seek: Seek
  readonly #absent = new Map<string, string>()
  readonly #sought = new Set<string>()

  constructor(how: Seek = seek) {
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
      if (typeof found === 'string') this.#absent.set(name, found)
      else if (found === null) this.#absent.delete(name)
    })
  }
}
const nameOf = ({ address, port, source }: Target): string => JSON.stringify([address, port, source])
