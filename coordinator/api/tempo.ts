/** How often somebody may change something, or ask, and how long answers to him may take: one who never stops keeps nobody else from it. */
import type { ConfigRouteName, UserRole } from '@lvsm/protocol'
import { CONFIG_ROUTES, isChange } from '@lvsm/protocol'
import { type Bound, Tries } from './tries.ts'
import { type Reply, refusedWith } from './reply.ts'

/** A minute, and so many at once: more than any script of an operator makes one after the other, and each waits for its majority. */
const CHANGES = 300
/** Requests that somebody may not make, or makes too often: more of one are answered, and not written down one by one. */
const REFUSALS = 60
/** Documents, and what makes documents of the past. */
const LOOKS = 600
/** Milliseconds of a minute that answers may take, to whoever may change nothing himself: a leader has to be heard meanwhile. */
const LOOKING_MS = 6000
/** Whoever used all of them waits no longer than so, however much he used. */
const LONGEST_WAIT_MS = 10_000
const MINUTE_MS = 60_000
const LONG: ReadonlySet<ConfigRouteName> = new Set(['document', 'diff', 'preview', 'intentPreview'])
/** All in one role on one node have so many times what one of them has. */
const SHARE = 2

interface Who {
  readonly name: string
  /** An address, `node NAME`, or `socket`. */
  readonly from: string
  /** On the node that asks for him, as it says. */
  readonly there?: UserRole
}
interface Caller extends Who {
  /** Null: nobody. */
  readonly role: UserRole | null
}

export class Tempo {
  readonly #asked = new Tries()

  /** Null: it may be asked. `now`: milliseconds of a monotonic clock. */
  refuse(name: ConfigRouteName, caller: Caller, now: number): Reply | null {
    const times = isCharged(name) ? timesOf(caller) : []
    const waitMs = this.#asked.begin([...countsOf(name, caller), ...times], now)
    return waitMs === null ? null : tooOften(waitMs)
  }

  /** Null: an answer may be made now. Many that were asked for at the same time are no way around. */
  usedUp(caller: Caller, now: number): Reply | null {
    const waitMs = this.#asked.wait(timesOf(caller), now)
    return waitMs === null ? null : tooOften(waitMs)
  }

  /** Whether one more is written down, of those that are refused. */
  mayNote(who: Who, now: number): boolean {
    return this.#asked.begin(boundsOf(who, 'refusals', REFUSALS), now) === null
  }

  /** An answer took so many milliseconds in which nothing else was done. */
  spent(caller: Caller, ms: number, now: number): void {
    for (const bound of timesOf(caller))
      this.#asked.add(bound, ms, now, bound.perMinute * (1 + LONGEST_WAIT_MS / MINUTE_MS))
  }
}

/** What only looks: a change costs its majority, and is counted as one. */
export const isCharged = (name: ConfigRouteName): boolean => !isChange(CONFIG_ROUTES[name])

/** None: root on the node of a coordinator may do everything there anyway. */
function countsOf(name: ConfigRouteName, caller: Caller): Bound[] {
  if (caller.from === 'socket' && caller.role === 'admin') return []
  if (!isCharged(name)) return boundsOf(caller, 'changes', CHANGES)
  return LONG.has(name) ? boundsOf(caller, 'looks', LOOKS) : []
}

const timesOf = (caller: Caller): Bound[] => (caller.role === 'admin' ? [] : boundsOf(caller, 'time', LOOKING_MS))

/**
 * In whose name a node asks is what the node says, so that all of one role there have a bound of their own: who only looks there uses up
 * nothing of root's.
 */
function boundsOf({ name, from, there = 'viewer' }: Who, what: string, perMinute: number): Bound[] {
  if (from === 'socket') return [{ key: `${what} socket ${name}`, perMinute }]
  if (!from.startsWith('node ')) return [{ key: `${what} user ${name}`, perMinute }]
  const all = `${what} ${from} ${there}`
  return [
    { key: `${all} ${name}`, perMinute },
    { key: all, perMinute: SHARE * perMinute },
  ]
}

function tooOften(waitMs: number): Reply {
  const seconds = Math.ceil(waitMs / 1000)
  return {
    ...refusedWith(429, [
      {
        code: 'too-often',
        message: 'there were too many requests of this kind in the last minute',
        hint: `nothing was done; try again in ${seconds} s, and change many things at once by one document: lvsm config apply`,
      },
    ]),
    headers: { 'retry-after': String(seconds) },
  }
}
