/** How often somebody may change something, or ask what takes long: one who never stops keeps nobody else from it. */
import type { ConfigRouteName } from '@lvsm/protocol'
import { CONFIG_ROUTES, isChange, type UserRole } from '@lvsm/protocol'
import { type Bound, Tries } from './tries.ts'
import { type Reply, refusedWith } from './reply.ts'

/** A minute, and so many at once: more than any script of an operator makes one after the other, and each waits for its majority. */
const CHANGES = 300
/** Requests that somebody may not make, or makes too often: more of one are answered, and not written down. */
const REFUSALS = 60
/** Documents, and what makes documents of the past. */
const LOOKS = 600
/** Milliseconds of a minute that such answers may take, to whoever may change nothing himself: a leader has to be heard meanwhile. */
const LOOKING_MS = 6000
const LONG: ReadonlySet<ConfigRouteName> = new Set(['document', 'diff', 'preview', 'intentPreview'])

interface Caller {
  readonly name: string
  /** Null: nobody. */
  readonly role: UserRole | null
  /** An address, `node NAME`, or `socket`. */
  readonly from: string
}

export class Tempo {
  readonly #asked = new Tries()

  /** Null: it may be asked. `now`: milliseconds of a monotonic clock. */
  refuse(name: ConfigRouteName, caller: Caller, now: number): Reply | null {
    const bounds = [boundOf(name, caller), LONG.has(name) ? timeOf(caller) : null].filter((one) => one !== null)
    const waitMs = bounds.length === 0 ? null : this.#asked.begin(bounds, now)
    return waitMs === null ? null : tooOften(Math.ceil(waitMs / 1000))
  }

  /** Whether one more is written down, of those that are refused before they are read. */
  mayNote(caller: Caller, now: number): boolean {
    return this.#asked.begin([{ key: `refusals ${keyOf(caller)}`, perMinute: REFUSALS }], now) === null
  }

  /** An answer took so many milliseconds in which nothing else was done. */
  spent(caller: Caller, ms: number, now: number): void {
    const bound = timeOf(caller)
    if (bound) this.#asked.add(bound, ms, now)
  }
}

/** Null: root on the node of a coordinator may do everything there anyway. */
function boundOf(name: ConfigRouteName, { name: who, role, from }: Caller): Bound | null {
  if (from === 'socket' && role === 'admin') return null
  const perMinute = isChange(CONFIG_ROUTES[name]) ? CHANGES : LONG.has(name) ? LOOKS : null
  if (perMinute === null) return null
  return { key: `${perMinute} ${keyOf({ name: who, from })}`, perMinute }
}

const timeOf = (caller: Caller): Bound | null =>
  caller.role === 'admin' ? null : { key: `time ${keyOf(caller)}`, perMinute: LOOKING_MS }

/** In whose name a node asks is what the node says. */
const keyOf = ({ name, from }: Pick<Caller, 'name' | 'from'>): string =>
  from.startsWith('node ') ? from : `user ${name}`

const tooOften = (seconds: number): Reply => ({
  ...refusedWith(429, [
    {
      code: 'too-often',
      message: 'there were too many requests of this kind in the last minute',
      hint: `nothing was done; try again in ${seconds} s, and change many things at once by one document: lvsm config apply`,
    },
  ]),
  headers: { 'retry-after': String(seconds) },
})
