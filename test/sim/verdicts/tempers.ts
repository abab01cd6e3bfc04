/** How realservers fare: each lives through phases of chance, and what a check meets follows from the phase of that moment. */
import { type Random, randomBetween } from '@lvsm/base'
import type { DraftPool } from './draft.ts'

export type Phase =
  | 'alive'
  /** It refuses. */
  | 'dead'
  /** It accepts nothing: a check takes all of its time. */
  | 'hung'
  /** Up and down by turns of seconds. */
  | 'flaps'
  /** Of its answers so many get lost as of packets on a bad line. */
  | 'lossy'
  /** Whoever asks cannot: nobody knows. */
  | 'unknown'
  /** Whoever asks dies, and never says a word of it. */
  | 'lost'
  /** It is well, and says itself that it takes nobody. */
  | 'shy'

export interface Answer {
  readonly ok: boolean | null
  readonly afterMs: number
  readonly weight?: number
}

const PHASES: readonly Phase[] = [
  'alive',
  'alive',
  'alive',
  'dead',
  'hung',
  'flaps',
  'flaps',
  'lossy',
  'unknown',
  'lost',
]
const LASTS_MS = [500, 60_000] as const
/** From a part of an interval to several rounds of checks. */
const TURN_MS = [200, 8000] as const
const LOSS = 0.3
const SOON_MS = 1
/** Of all phases, in which everybody has the same. */
const TOGETHER = 0.1

/** One realserver of one pool. */
export class Temper {
  readonly #random: Random
  readonly #pool: DraftPool
  phase: Phase = 'alive'
  /** True time since which that is so. */
  since = Number.NEGATIVE_INFINITY
  /** What was before. */
  before: Phase = 'alive'
  #turnMs = 1000

  constructor(pool: DraftPool, random: Random) {
    this.#pool = pool
    this.#random = random
  }

  become(phase: Phase, now: number): void {
    this.#turnMs = randomBetween(this.#random, ...TURN_MS)
    if (phase === this.phase) return
    this.before = this.phase
    this.phase = phase
    this.since = now
  }

  /** Null: there never comes one. */
  answer(now: number): Answer | null {
    const { timeoutMs, says } = this.#pool
    const good: Answer = { ok: true, afterMs: SOON_MS }
    const late: Answer = { ok: false, afterMs: timeoutMs }
    switch (this.phase) {
      case 'alive':
        return good
      case 'shy':
        return says ? { ...good, weight: 0 } : good
      case 'dead':
        return { ok: false, afterMs: SOON_MS }
      case 'hung':
        return late
      case 'flaps':
        return Math.floor((now - this.since) / this.#turnMs) % 2 === 0 ? { ...good, ok: false } : good
      case 'lossy':
        return this.#random.next() < LOSS ? late : good
      case 'unknown':
        return { ok: null, afterMs: SOON_MS }
      case 'lost':
        return null
    }
  }
}

interface Fate {
  readonly temper: Temper
  readonly pool: DraftPool
  readonly steady: boolean
}
interface Around {
  readonly random: Random
  /** Runs it later, in true time. */
  in(ms: number, run: () => void): void
  now(): number
}

/** From now on they live by chance. */
export function unleash(fates: readonly Fate[], around: Around): void {
  const { random } = around
  const draw = (): Phase => PHASES[Math.floor(random.next() * PHASES.length)] ?? 'alive'
  const next = (fate: Fate): void => {
    const phase = fate.pool.says && random.next() < 0.3 ? 'shy' : draw()
    const all = random.next() < TOGETHER ? fates.filter(({ pool }) => pool === fate.pool) : [fate]
    for (const { temper, steady } of all) if (!steady) temper.become(phase, around.now())
    around.in(randomBetween(random, ...LASTS_MS), () => next(fate))
  }
  for (const fate of fates) if (!fate.steady) around.in(randomBetween(random, ...LASTS_MS), () => next(fate))
}
